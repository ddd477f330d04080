import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { Database } from './database.ts';
import { EngineLock, EngineLockHeldError } from './engine-lock.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
});
afterAll(() => temporary.drop());

const QUIET = { onLost: () => {}, onRegained: () => {}, retryMs: 10 };

test('one engine holds the lock; another gets an error that names the holder, and acquires the lock after its release', async () => {
  const first = await EngineLock.acquire(temporary.url, { applicationName: 'first', ...QUIET });
  const refused = EngineLock.acquire(temporary.url, { applicationName: 'second', ...QUIET });
  await expect(refused).rejects.toThrow(EngineLockHeldError);
  await expect(refused).rejects.toThrow(/"first".*PostgreSQL backend \d+, since \d{4}-/);
  await first.release();
  const second = await EngineLock.acquire(temporary.url, { applicationName: 'second', ...QUIET });
  expect(second.isHeld()).toBe(true);
  await second.release();
});

test('engines on different databases of one server each hold a lock', async () => {
  const other = await temporaryDatabase();
  const locks = [temporary.url, other.url].map((url) =>
    EngineLock.acquire(url, { applicationName: 'engine', ...QUIET }),
  );
  for (const lock of await Promise.all(locks)) await lock.release();
  await other.drop();
});

test('a lock whose connection broke is not held until it is regained', async () => {
  const lost = Promise.withResolvers<void>();
  const regained = Promise.withResolvers<void>();
  const lock = await EngineLock.acquire(temporary.url, {
    applicationName: 'breaking',
    onLost: () => lost.resolve(),
    onRegained: () => regained.resolve(),
    retryMs: 10,
  });
  const db = new Database(temporary.url, { applicationName: 'test', max: 1 });
  const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breaking'`;
  await db.query(terminate);
  await lost.promise;
  expect(lock.isHeld()).toBe(false);
  await regained.promise;
  expect(lock.isHeld()).toBe(true);
  await lock.release();
  await db.close();
});
