import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { Database } from './database.ts';
import { MigrationError, migrate } from './migrate.ts';

const IMPATIENT = { statementTimeoutMs: 700, answerTimeoutMs: 800 };

describe('migrate', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  beforeEach(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'migrate test' });
  });

  afterEach(async () => {
    await database.close();
    await temporary.drop();
  });

  it('creates the schema and the development tenant in an empty database', async () => {
    expect((await migrate(database))[0]).toBe('0001_foundation');
    const { rows } = await database.query('SELECT id, slug FROM tenant');
    expect(rows).toEqual([{ id: '707d0855-80ab-4e1f-a156-f1c4546cbf52', slug: 'default' }]);
  });

  it('runs each migration once when several processes start at the same time', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => migrate(database)));
    expect(runs.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrate(database)).toEqual([]);
  });

  it('waits longer for its turn and for a migration than other statements may take', async () => {
    const impatient = new Database(temporary.url, { applicationName: 'impatient', ...IMPATIENT });
    const begun = Promise.withResolvers<void>();
    const other = database.transaction(async (transaction) => {
      await transaction.query('SELECT pg_advisory_xact_lock($1)', [0x48_41_54_43]);
      begun.resolve();
      await transaction.query('SELECT pg_sleep(1)');
    });
    await begun.promise;
    expect((await migrate(impatient)).length).toBeGreaterThan(0);
    await other;
    await impatient.close();
  });

  it('rejects a database that a newer version has migrated', async () => {
    await migrate(database);
    await database.query(`INSERT INTO schema_migration (name, checksum) VALUES ('9999_future', '')`);
    await expect(migrate(database)).rejects.toThrow(
      new MigrationError('the database has migration 9999_future, which this version does not have: upgrade'),
    );
  });

  it('rejects a database that ran different migrations', async () => {
    await migrate(database);
    await database.query(`UPDATE schema_migration SET checksum = 'x' WHERE name = '0001_foundation'`);
    await expect(migrate(database)).rejects.toThrow('0001_foundation has changed');
  });
});
