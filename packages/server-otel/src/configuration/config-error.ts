export interface ConfigurationProblem {
  /** The variable, or the path of the YAML key, that holds the value. */
  readonly source: string;
  /** The YAML file, when it stands there. */
  readonly file?: string;
  /** What stands there; `(hidden)` for a secret. */
  readonly value: string;
  /** What should stand there instead. */
  readonly expected: string;
}

/** The configuration cannot be used; `problems` has all that is wrong with it, the message one line for each. */
export class ServerTelemetryConfigError extends Error {
  override readonly name = 'ServerTelemetryConfigError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
  }
}

/** One line: where, what, and what to write instead. */
export function describeProblem({ source, file, value, expected }: ConfigurationProblem): string {
  return `${file === undefined ? '' : `${file}: `}${source}=${value}: expected ${expected}`;
}
