import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from './errors.ts';

/** Root folder of the repository. */
export const ROOT: string = join(import.meta.dirname, '../../../..');

export interface StartSettings {
  /** Exit after printing the waterfall. */
  once: boolean;
  /** Database to use instead of a private one. */
  databaseUrl: string | undefined;
  /** The engine's port on 127.0.0.1; 0 for any free one. */
  grpcPort: number;
  /** The API's port, likewise. */
  httpPort: number;
  /** Folder of the private database, the logs and the process record. */
  dataDir: string;
}

/** @throws StartError that names the wrong argument or variable and the expected value */
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
    throw new StartError(`unknown arguments ${args.join(' ')}: run \`npm start\` or \`npm start -- --once\``, 2);
  }
}

function portFrom(env: NodeJS.ProcessEnv, variable: string, standard: number): number {
  const text = env[variable];
  if (!text) return standard;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StartError(
    `${variable} is ${JSON.stringify(text)}: expected a port from 1 to 65535, or 0 for any free one, for example 8080`,
    2,
  );
}
