/** One invalid setting. */
export interface ConfigurationProblem {
  /** The variable or the path of the YAML key. */
  readonly source: string;
  /** The YAML file, if the value comes from it. */
  readonly file?: string;
  /** The invalid value; `(hidden)` for a secret. */
  readonly value: string;
  /** Description of a valid value. */
  readonly expected: string;
}

/** The configuration is invalid. The message has one line for each problem. */
export class ServerTelemetryConfigError extends Error {
  override readonly name = 'ServerTelemetryConfigError';
  readonly problems: readonly ConfigurationProblem[];
  /** Warnings of the same configuration, for example of a misspelt variable. Not part of the message. */
  readonly warnings: readonly string[];

  constructor(problems: readonly ConfigurationProblem[], warnings: readonly string[] = []) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
    this.warnings = warnings;
  }
}

/** Describes a problem in one line: source, value and expected value. */
export function describeProblem({ source, file, value, expected }: ConfigurationProblem): string {
  return `${file === undefined ? '' : `${file}: `}${source}=${value}: expected ${expected}`;
}

/**
 * Hides credentials in an invalid value, for an error. They may be in any setting by mistake: in a URL or its query, as
 * a header where a path was expected, or as the content of a key file.
 */
export function maskCredentials(value: string): string {
  if (value.includes('-----BEGIN') || AUTHORIZATION.test(value)) return '(hidden)';
  const shown = value.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1(hidden)@').replace(/\?.*$/s, '?(hidden)');
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

const AUTHORIZATION = /^\s*(bearer|basic|token|api-?key|digest|negotiate)\b/i;
const LONGEST = 200;
