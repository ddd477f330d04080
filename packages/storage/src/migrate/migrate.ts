import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database } from '../database/database.ts';
import type { Queryable } from '../database/transaction.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);
/** Names the advisory lock under which migrations run; any fixed number does. */
const LOCK = 0x48_41_54_43;

/** The schema of the database and that of this program do not fit each other. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Brings the database's schema up to date: runs the migrations that it lacks, all in one transaction, under an advisory
 * lock so that processes that start together wait for each other. Changes nothing when there is nothing to do.
 *
 * @returns the names of the migrations that were run.
 * @throws MigrationError when the database was migrated by a newer program, or by one with other migrations.
 */
export async function migrate(database: Database): Promise<string[]> {
  const migrations = await readMigrations();
  return database.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const applied = await appliedMigrations(transaction);
    assertKnown(applied, migrations);
    const pending = migrations.filter(({ name }) => !applied.has(name));
    for (const { name, sql, checksum } of pending) {
      await transaction.query(sql);
      await transaction.query('INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)', [name, checksum]);
    }
    return pending.map(({ name }) => name);
  });
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(MIGRATIONS)).filter((file) => /^\d{4}_\w+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(new URL(file, MIGRATIONS), 'utf8');
      return { name: file.slice(0, -'.sql'.length), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function appliedMigrations(transaction: Queryable): Promise<Map<string, string>> {
  await transaction.query(
    `CREATE TABLE IF NOT EXISTS schema_migration (
       name text PRIMARY KEY,
       checksum text NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
  const { rows } = await transaction.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migration',
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function assertKnown(applied: Map<string, string>, migrations: Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name))
      throw new MigrationError(`the database has migration ${name}, which this version lacks: upgrade`);
    if (known.get(name) !== checksum) {
      throw new MigrationError(`migration ${name} was changed after the database ran it: use a new database`);
    }
  }
}
