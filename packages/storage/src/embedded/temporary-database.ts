import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serverOfTestRun } from './test-server.ts';

/** An empty database of its own for one test file. */
export interface TemporaryDatabase {
  url: string;
  /** Ends what is still connected to the database and drops it. */
  drop(): Promise<void>;
}

/**
 * Makes a fresh, empty database on the server of this test run, so that test files can run side by side. The project's
 * vitest configuration has to name `@hatchet-ts/storage/embedded/vitest` as its `globalSetup`.
 */
export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const server = serverOfTestRun();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOn(server, `CREATE DATABASE ${name} STRATEGY file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function runOn(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
