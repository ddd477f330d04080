import { z } from 'zod';

/** A configuration that cannot work. The message has one line for each problem, and shows no secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const DATABASE_URL = 'the URL of a PostgreSQL database, for example postgres://user:password@host:5432/name';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Variables of every service. As everywhere in this package, the message of a schema states what is expected. */
export const COMMON_VARIABLES = {
  DATABASE_URL: z
    .string(DATABASE_URL)
    .regex(/^postgres(ql)?:\/\/./, DATABASE_URL)
    .refine(URL.canParse, DATABASE_URL),
  SERVER_LOGGER_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
};

/** Creates the schema of a port to listen on. */
export function portVariable(standard: number) {
  const expected = `a port from 0 to 65535, for example ${standard}; 0 takes any free port`;
  return z
    .string()
    .trim()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .pipe(z.number().max(65_535, expected))
    .default(standard);
}

/** Variables whose values no message may show. */
const SECRETS = new Set(['DATABASE_URL', 'SERVER_PAGE_TOKEN']);

/**
 * Reads the variables of a service. An empty variable counts as unset.
 *
 * @throws ConfigurationError with every problem at once
 */
export function readVariables<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const { data, error } = schema.safeParse(set);
  if (!error) return data;
  // A value may fail several checks of its schema; they all expect the same.
  const expectedByName = new Map(error.issues.map(({ path, message }) => [String(path[0]), message]));
  const problems = [...expectedByName].map(([name, expected]) => {
    const value = set[name];
    if (value === undefined) return `${name} is not set: expected ${expected}`;
    return `${name}=${SECRETS.has(name) ? '(hidden)' : value}: expected ${expected}`;
  });
  throw new ConfigurationError(problems.join('\n'));
}
