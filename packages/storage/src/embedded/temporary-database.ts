import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Environment variable with the URL of the test run's server. */
export const TEST_SERVER_URL = 'HATCHET_TEST_POSTGRES_URL';

/** An empty database for one test file. */
export interface TemporaryDatabase {
  url: string;
  /** Closes the connections that are still open, and drops the database. */
  drop(): Promise<void>;
}

/**
 * Creates an empty database on the server of this test run, so that test files can run side by side. The project's
 * vitest configuration must have `@hatchet-ts/storage/embedded/vitest` as its `globalSetup`.
 */
export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const server = testServerUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runStatement(server, `CREATE DATABASE ${name} STRATEGY file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runStatement(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

function testServerUrl(): string {
  const url = process.env[TEST_SERVER_URL];
  if (url) return url;
  throw new Error(
    "no PostgreSQL for this test run: add globalSetup: ['@hatchet-ts/storage/embedded/vitest'] to the project's vitest.config.ts",
  );
}

async function runStatement(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
