import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { TEST_SERVER_URL } from './temporary-database.ts';

/** No data outlives a test run, so durability would only cost time. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 };

/**
 * Starts one PostgreSQL for the whole test run; a vitest `globalSetup`. Vitest sets up projects one after another in one
 * process: the first project starts the server, and the others use it. If `HATCHET_TEST_POSTGRES_URL` is set, no server
 * is started and the one at that URL is used.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[TEST_SERVER_URL]) return undefined;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hatchet-test-postgres-'));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  process.env[TEST_SERVER_URL] = server.url;
  return async () => {
    delete process.env[TEST_SERVER_URL];
    await server.stop();
    await remove();
  };
}
