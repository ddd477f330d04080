import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** Prefix of the application name of the owner's connection. The owner's process id follows. */
export const OWNER = 'embedded-postgres owner ';

const STARTING_UP = '57P03';
const STARTUP_TIMEOUT_MS = 30_000;

/** Formats the URL of the database `postgres` on an embedded server. */
export function serverUrl(port: number, password: string): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/**
 * Reports if a server from an earlier start still runs without its owner, so that the caller can stop it. Removes a
 * `postmaster.pid` that belongs to no such server: PostgreSQL would refuse to start if another program has that process
 * id now.
 *
 * @throws Error if the owner of the running server is alive.
 */
export async function hasLeftoverServer(dataDir: string, password: string): Promise<boolean> {
  const pidFile = path.join(dataDir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  if (lines.length < 2) return false;
  const owner = await findOwner(Number(lines[3]), password, dataDir);
  if (owner === 'none') await rm(pidFile, { force: true });
  else if (owner !== undefined) throw new Error(`${dataDir} is in use by process ${owner}: stop that process first`);
  return owner === undefined;
}

/** Returns the process id of the server's owner, undefined if it has none, or `none` if no server of this directory runs. */
async function findOwner(port: number, password: string, dataDir: string): Promise<string | undefined> {
  for (const deadline = Date.now() + STARTUP_TIMEOUT_MS; ; await delay(100)) {
    const client = new pg.Client({ connectionString: serverUrl(port, password), connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      if (rows[0]?.data_directory !== dataDir) return 'none';
      const owners = await client.query<{ application_name: string }>(
        'SELECT application_name FROM pg_stat_activity WHERE starts_with(application_name, $1)',
        [OWNER],
      );
      return owners.rows[0]?.application_name.slice(OWNER.length);
    } catch (error) {
      if (errorCode(error) !== STARTING_UP || Date.now() > deadline) return 'none';
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
