import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { startSilentProxy } from '../testing/silent-proxy.ts';
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

test('a lock whose connection goes silent is lost within the ping deadline, and regained over a new connection', async () => {
  const proxy = await startSilentProxy(temporary.url);
  const lost = Promise.withResolvers<Error>();
  const regained = Promise.withResolvers<void>();
  const lock = await EngineLock.acquire(proxy.url, {
    applicationName: 'silent',
    onLost: lost.resolve,
    onRegained: () => regained.resolve(),
    retryMs: 10,
    pingMs: 500,
  });
  proxy.silence();
  expect((await lost.promise).message).toBe('PostgreSQL did not answer within 500 ms');
  expect(lock.isHeld()).toBe(false);
  // PostgreSQL frees the lock once its keepalive probes fail; the proxy's end stands for that.
  const db = new Database(temporary.url, { applicationName: 'test', max: 1 });
  await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'silent'`);
  await regained.promise;
  expect(lock.isHeld()).toBe(true);
  await lock.release();
  await db.close();
  await proxy.stop();
});

test.runIf(process.platform === 'linux')(
  'PostgreSQL probes the connection of the lock after 10 s, to free the lock of a host that vanished',
  async () => {
    const lock = await EngineLock.acquire(temporary.url, { applicationName: 'probed', ...QUIET });
    const db = new Database(temporary.url, { applicationName: 'test', max: 1 });
    const { rows } = await db.query<{ port: number }>(
      `SELECT client_port AS port FROM pg_stat_activity WHERE application_name = 'probed'`,
    );
    // Until the client has acknowledged everything, the socket has another timer.
    await expect.poll(() => keepaliveSeconds(rows[0]!.port)).toBeLessThanOrEqual(10);
    await lock.release();
    await db.close();
  },
);

/** Reads the seconds until PostgreSQL's socket probes the client on this port; undefined while no probe is planned. */
async function keepaliveSeconds(clientPort: number): Promise<number | undefined> {
  const port = clientPort.toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile('/proc/net/tcp', 'utf8');
  const socket = table.split('\n').find((line) => line.trim().split(/\s+/)[2]?.endsWith(`:${port}`));
  const [timer, when = ''] = socket?.trim().split(/\s+/)[5]?.split(':') ?? [];
  return timer === '02' ? Number.parseInt(when, 16) / 100 : undefined;
}
