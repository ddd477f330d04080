import { parseGoDuration } from '@hatchet-ts/internal/go-duration';
import { COMMON_VARIABLES, portVariable, readVariables } from '@hatchet-ts/service';
import { z } from 'zod';

const RETENTION = 'a duration with the units h, m, s and ms, for example 720h (thirty days)';
/** A hundred years. */
const LONGEST_RETENTION_MS = 100 * 365 * 86_400_000;

const VARIABLES = z.object({
  ...COMMON_VARIABLES,
  SERVER_GRPC_BIND_ADDRESS: z.string().default('127.0.0.1'),
  SERVER_GRPC_PORT: portVariable(7070),
  SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD: z
    .string()
    .default('720h')
    .transform((text) => Math.min(Math.ceil(parseGoDuration(text) ?? 0), LONGEST_RETENTION_MS))
    .pipe(z.number().min(1, RETENTION)),
});

/** Configuration of the engine. */
export interface Configuration {
  databaseUrl: string;
  bindAddress: string;
  /** 0 for any free port. */
  port: number;
  /** Milliseconds that finished runs are kept. */
  retention: number;
  logLevel: string;
}

/** @throws ConfigurationError with every problem at once */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const variables = readVariables(VARIABLES, environment);
  return {
    databaseUrl: variables.DATABASE_URL,
    bindAddress: variables.SERVER_GRPC_BIND_ADDRESS,
    port: variables.SERVER_GRPC_PORT,
    retention: variables.SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD,
    logLevel: variables.SERVER_LOGGER_LEVEL,
  };
}
