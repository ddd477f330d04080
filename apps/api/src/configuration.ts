import { z } from 'zod';
import { isLoopback } from './page/session.ts';

/** What the service needs to know, from the environment. */
export interface Configuration {
  databaseUrl: string;
  /** Address and port to listen on; port 0 takes a free one. */
  bindAddress: string;
  port: number;
  /** `host:port` of the engine. */
  engineAddress: string;
  logLevel: string;
  /** An API token that the page has without anybody entering it; only on loopback. */
  pageToken?: string;
}

/** Some variables cannot be used; the message has a line for each, with what to write instead and no secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const DATABASE_URL = 'must be the URL of a PostgreSQL database, like postgres://user:password@host:5432/name';
const SERVER_PORT = 'must be a port from 0 to 65535';
const ENGINE_ADDRESS = "must be the engine's host:port, like 127.0.0.1:7070";

const VARIABLES = z.object({
  DATABASE_URL: z
    .string(DATABASE_URL)
    .regex(/^postgres(ql)?:\/\/./, DATABASE_URL)
    .refine(URL.canParse, DATABASE_URL),
  SERVER_BIND_ADDRESS: z.string().default('127.0.0.1'),
  SERVER_PORT: z
    .string()
    .regex(/^\d+$/, SERVER_PORT)
    .transform(Number)
    .pipe(z.number().max(65_535, SERVER_PORT))
    .default(8080),
  SERVER_GRPC_BROADCAST_ADDRESS: z.string(ENGINE_ADDRESS).regex(/^[^\s/]+:\d{1,5}$/, ENGINE_ADDRESS),
  SERVER_PAGE_TOKEN: z
    .string()
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'must be an API token of a tenant')
    .optional(),
  SERVER_LOGGER_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

/** Reads the environment; a variable that is empty counts as not set. */
export function readConfiguration(environment: Record<string, string | undefined>): Configuration {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const { data, error } = VARIABLES.safeParse(set);
  if (error)
    throw new ConfigurationError(
      error.issues.map(({ path, message }) => `${path[0]?.toString()} ${message}`).join('\n'),
    );
  if (data.SERVER_PAGE_TOKEN && !isLoopback(data.SERVER_BIND_ADDRESS)) {
    throw new ConfigurationError(
      'SERVER_PAGE_TOKEN lets in everybody who reaches the page: leave it out, or set SERVER_BIND_ADDRESS to 127.0.0.1',
    );
  }
  return {
    databaseUrl: data.DATABASE_URL,
    bindAddress: data.SERVER_BIND_ADDRESS,
    port: data.SERVER_PORT,
    engineAddress: data.SERVER_GRPC_BROADCAST_ADDRESS,
    logLevel: data.SERVER_LOGGER_LEVEL,
    ...(data.SERVER_PAGE_TOKEN && { pageToken: data.SERVER_PAGE_TOKEN }),
  };
}
