import { type ConfigurationProblem, ServerTelemetryConfigError } from './config-error.ts';
import { nearestName } from './nearest-name.ts';
import { type Configuration, SETTINGS, type Setting } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration that an environment describes. A variable that is empty counts as not set, as in
 * Hatchet's services.
 *
 * @throws ServerTelemetryConfigError with every problem at once
 */
export function readConfiguration(env: Environment): Configuration {
  const problems: ConfigurationProblem[] = [];
  const values: Partial<Record<keyof Configuration, unknown>> = {};
  for (const [name, row] of Object.entries(SETTINGS) as [keyof Configuration, Setting<unknown>][]) {
    const text = env[row.variable] === '' ? undefined : env[row.variable];
    const result = row.schema.safeParse(text);
    if (result.success) {
      values[name] = result.data;
      continue;
    }
    const [issue] = result.error.issues;
    const expected = issue?.code === 'custom' ? issue.params?.expected : undefined;
    problems.push({
      source: row.variable,
      value: row.secret ? '(hidden)' : masked(text ?? ''),
      expected: typeof expected === 'string' ? expected : row.expected,
    });
  }
  if (problems.length > 0) throw new ServerTelemetryConfigError(problems);
  return values as Configuration;
}

/** Warnings about `SERVER_OTEL_*` names that nobody reads, with the name that was probably meant. */
export function unknownVariables(env: Environment): string[] {
  const known: string[] = Object.values(SETTINGS).map(({ variable }) => variable);
  return Object.keys(env)
    .filter((name) => name.startsWith('SERVER_OTEL_') && !known.includes(name))
    .sort()
    .map((name) => `${name} is not a setting of this service; did you mean ${nearestName(name, known)}?`);
}

/** Credentials in a URL are secrets as well, wherever someone puts one. */
function masked(value: string): string {
  return value.replace(/(\/\/|^)[^/@\s]+@/, '$1(hidden)@');
}
