import { COMMON_VARIABLES, portVariable, readVariables } from '@hatchet-ts/service';
import { z } from 'zod';
import { isLoopback } from './page/development-session.ts';

/** Configuration of the API. */
export interface Configuration {
  databaseUrl: string;
  bindAddress: string;
  /** 0 for any free port. */
  port: number;
  /** `host:port` of the engine. */
  engineAddress: string;
  logLevel: string;
  /** An API token that the page uses, so that nobody has to enter one; only on loopback. */
  pageToken?: string;
}

const ENGINE_ADDRESS = "the engine's host:port, for example 127.0.0.1:7070";

const VARIABLES = z
  .object({
    ...COMMON_VARIABLES,
    SERVER_BIND_ADDRESS: z.string().default('127.0.0.1'),
    SERVER_PORT: portVariable(8080),
    SERVER_GRPC_BROADCAST_ADDRESS: z.string(ENGINE_ADDRESS).regex(/^[^\s/]+:\d{1,5}$/, ENGINE_ADDRESS),
    SERVER_PAGE_TOKEN: z
      .string()
      .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'the API token of a tenant')
      .optional(),
  })
  .refine(({ SERVER_PAGE_TOKEN, SERVER_BIND_ADDRESS }) => !SERVER_PAGE_TOKEN || isLoopback(SERVER_BIND_ADDRESS), {
    path: ['SERVER_PAGE_TOKEN'],
    error:
      'no value, because everybody who reaches the page would use this token; unset it, or set SERVER_BIND_ADDRESS to 127.0.0.1',
  });

/** @throws ConfigurationError with every problem at once */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const variables = readVariables(VARIABLES, environment);
  return {
    databaseUrl: variables.DATABASE_URL,
    bindAddress: variables.SERVER_BIND_ADDRESS,
    port: variables.SERVER_PORT,
    engineAddress: variables.SERVER_GRPC_BROADCAST_ADDRESS,
    logLevel: variables.SERVER_LOGGER_LEVEL,
    ...(variables.SERVER_PAGE_TOKEN && { pageToken: variables.SERVER_PAGE_TOKEN }),
  };
}
