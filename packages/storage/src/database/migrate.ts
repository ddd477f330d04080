import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database } from './database.ts';
import type { Queryable } from './transaction.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);
/** Key of the advisory lock under which migrations run. Any fixed number works. */
const LOCK = 0x48_41_54_43;
/** Time for a migration, a day. */
const LONGEST_MS = 86_400_000;

/** The schema of the database does not match this version of the program. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Runs the pending migrations in one transaction. An advisory lock makes processes that start at the same time wait for
 * each other.
 *
 * @returns the names of the migrations that ran.
 * @throws MigrationError if a newer version, or one with different migrations, has migrated the database.
 */
export async function migrate(database: Database): Promise<string[]> {
  const migrations = await readMigrations();
  return database.transaction(async (transaction) => {
    await transaction.query('SET LOCAL statement_timeout = 0');
    await transaction.query(unhurried('SELECT pg_advisory_xact_lock($1)'), [LOCK]);
    const applied = await appliedMigrations(transaction);
    assertCompatible(applied, migrations);
    const pending = migrations.filter(({ name }) => !applied.has(name));
    for (const { name, sql, checksum } of pending) {
      await transaction.query(unhurried(sql));
      await transaction.query('INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)', [name, checksum]);
    }
    return pending.map(({ name }) => name);
  });
}

/** A statement that may take hours, such as an index on a large table. */
function unhurried(text: string): { text: string; query_timeout: number } {
  return { text, query_timeout: LONGEST_MS };
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

function assertCompatible(applied: Map<string, string>, migrations: Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name)) {
      throw new MigrationError(`the database has migration ${name}, which this version does not have: upgrade`);
    }
    if (known.get(name) !== checksum) {
      throw new MigrationError(`migration ${name} has changed since it ran on this database: use a new database`);
    }
  }
}
