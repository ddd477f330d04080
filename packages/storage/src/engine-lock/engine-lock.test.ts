import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../database/database.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { EngineLockHeldError, holdEngineLock } from './engine-lock.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
});
afterAll(() => temporary.drop());

const QUIET = { onLost: () => {}, onRegained: () => {}, retryMs: 10 };

test('one has the lock; another hears who has it, and gets it when that one gives it back', async () => {
  const first = await holdEngineLock(temporary.url, { applicationName: 'first', ...QUIET });
  const refused = holdEngineLock(temporary.url, { applicationName: 'second', ...QUIET });
  await expect(refused).rejects.toThrow(EngineLockHeldError);
  await expect(refused).rejects.toThrow(/"first".*PostgreSQL backend \d+, since \d{4}-/);
  await first.release();
  const second = await holdEngineLock(temporary.url, { applicationName: 'second', ...QUIET });
  expect(second.held()).toBe(true);
  await second.release();
});

test('engines on different databases of one server do not mind each other', async () => {
  const other = await temporaryDatabase();
  const locks = [temporary.url, other.url].map((url) => holdEngineLock(url, { applicationName: 'engine', ...QUIET }));
  for (const lock of await Promise.all(locks)) await lock.release();
  await other.drop();
});

test('a lock whose connection broke is not held until it is taken again', async () => {
  const lost = Promise.withResolvers<void>();
  const regained = Promise.withResolvers<void>();
  const lock = await holdEngineLock(temporary.url, {
    applicationName: 'breaking',
    onLost: () => lost.resolve(),
    onRegained: () => regained.resolve(),
    retryMs: 10,
  });
  const db = createDatabase(temporary.url, { applicationName: 'test', max: 1 });
  const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breaking'`;
  await db.query(terminate);
  await lost.promise;
  expect(lock.held()).toBe(false);
  await regained.promise;
  expect(lock.held()).toBe(true);
  await lock.release();
  await db.close();
});
