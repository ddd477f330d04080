export interface ConfigurationProblem {
  /** The variable that holds the value. */
  readonly source: string;
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
    super(problems.map(({ source, value, expected }) => `${source}=${value}: expected ${expected}`).join('\n'));
    this.problems = problems;
  }
}
