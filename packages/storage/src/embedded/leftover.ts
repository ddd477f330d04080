import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { OWNER, serverUrl } from './server-url.ts';

const STARTING_UP = '57P03';
const PATIENCE_MS = 30_000;

/**
 * Looks at what an earlier start left in a data directory. A server that still runs without its owner is to be stopped
 * (returns true); a `postmaster.pid` that names no such server is removed, because PostgreSQL would refuse to start when
 * another program has that process id by now.
 *
 * @throws Error when the owner of the running server is alive.
 */
export async function hasLeftoverServer(dataDir: string, password: string): Promise<boolean> {
  const pidFile = path.join(dataDir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  if (lines.length < 2) return false;
  const owner = await ownerOf(Number(lines[3]), password, dataDir);
  if (owner === 'none') await rm(pidFile, { force: true });
  else if (owner !== undefined) throw new Error(`${dataDir} is in use by process ${owner}: stop it first`);
  return owner === undefined;
}

/** The process id of the server's owner; undefined when it has lost it; `none` when this is no server of this directory. */
async function ownerOf(port: number, password: string, dataDir: string): Promise<string | undefined> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(100)) {
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
      if (codeOf(error) !== STARTING_UP || Date.now() > deadline) return 'none';
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
