import { test } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { temporaryDatabase } from '../embedded/index.ts';

/** Id of the tenant that every database has. */
export const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

/** A test with a migrated database, which the tests of a file share. */
export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of other fixtures from the pattern
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const temporary = await temporaryDatabase();
    const database = new Database(temporary.url, { applicationName: 'storage test' });
    onCleanup(async () => {
      await database.close();
      await temporary.drop();
    });
    await migrate(database);
    return database;
  });
