import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from './start-error.ts';

/** Folder of the repository. */
export const ROOT: string = join(import.meta.dirname, '../../../..');

export interface StartSettings {
  /** End after the waterfall. */
  once: boolean;
  /** A database to use instead of a private one. */
  databaseUrl: string | undefined;
  /** Of the engine, on 127.0.0.1; 0 takes a free one. */
  grpcPort: number;
  /** Of the API, likewise. */
  httpPort: number;
  /** Where the private database, logs and the record of processes are. */
  dataDir: string;
}

/**
 * @throws StartError naming the argument or variable that is wrong, and what to write instead
 */
export function startSettings(args: readonly string[], env: NodeJS.ProcessEnv): StartSettings {
  return {
    once: onceFrom(args),
    databaseUrl: env.DATABASE_URL || undefined,
    grpcPort: portFrom(env, 'SERVER_GRPC_PORT', 7070),
    httpPort: portFrom(env, 'SERVER_PORT', 8080),
    dataDir: env.HATCHET_DATA_DIR || join(ROOT, '.data'),
  };
}

function onceFrom(args: readonly string[]): boolean {
  try {
    const { values } = parseArgs({ args: [...args], options: { once: { type: 'boolean', default: false } } });
    return values.once;
  } catch {
    throw new StartError(`there is no argument ${args.join(' ')}: write \`npm start\` or \`npm start -- --once\``, 2);
  }
}

function portFrom(env: NodeJS.ProcessEnv, variable: string, standard: number): number {
  const text = env[variable];
  if (!text) return standard;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StartError(
    `${variable} is ${JSON.stringify(text)}: write a port from 1 to 65535, or 0 for any that is free`,
    2,
  );
}
