import { z } from 'zod';
import { parseDuration } from './runs/duration.ts';

const host = z.string().min(1, 'must be an address such as 127.0.0.1 or 0.0.0.0');

const RETENTION = 'must be a duration such as 720h (thirty days), with the units h, m, s, ms';
/** A hundred years. */
const LONGEST_RETENTION_MS = 100 * 365 * 86_400_000;

const VARIABLES = z.object({
  DATABASE_URL: z
    .string({ error: 'is not set: give the URL of a PostgreSQL database, postgres://user:password@host:5432/name' })
    .regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/name'),
  SERVER_GRPC_BIND_ADDRESS: host.default('127.0.0.1'),
  SERVER_GRPC_PORT: z.coerce
    .number('must be a port number, or 0 for any free one')
    .int('must be a port number, or 0 for any free one')
    .min(0, 'must be a port number, or 0 for any free one')
    .max(65_535, 'must be a port number, or 0 for any free one')
    .default(7070),
  SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD: z
    .string()
    .default('720h')
    .transform((text) => parseDuration(text, LONGEST_RETENTION_MS))
    .pipe(z.number(RETENTION).min(1, RETENTION)),
  SERVER_LOGGER_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
});

/** What the environment says about the engine. */
export interface EngineConfig {
  databaseUrl: string;
  bindAddress: string;
  /** 0 for any free port. */
  port: number;
  /** How long what is finished is kept, in milliseconds. */
  retention: number;
  logLevel: string;
}

/** The environment says something that does not work; one line per variable, without its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the engine's variables; an empty one counts as unset.
 *
 * @throws ConfigError with everything that is wrong, at once.
 */
export function readConfig(env: Record<string, string | undefined>): EngineConfig {
  const result = VARIABLES.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!result.success) {
    throw new ConfigError(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  }
  const variables = result.data;
  return {
    databaseUrl: variables.DATABASE_URL,
    bindAddress: variables.SERVER_GRPC_BIND_ADDRESS,
    port: variables.SERVER_GRPC_PORT,
    retention: variables.SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD,
    logLevel: variables.SERVER_LOGGER_LEVEL,
  };
}
