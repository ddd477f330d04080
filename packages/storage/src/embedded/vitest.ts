import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { TEST_SERVER_URL } from './test-server.ts';

/** Nothing of a test run outlives it: durability costs time only. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 };

/**
 * vitest `globalSetup`: one PostgreSQL for the whole run. Projects are set up one after another in one process, so the
 * first one starts the server and the others find it. A server that `HATCHET_TEST_POSTGRES_URL` names is used as it is.
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
