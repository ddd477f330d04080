import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { startSilentProxy } from '../testing/silent-proxy.ts';
import { Database } from './database.ts';

const SILENT = { statementTimeoutMs: 100, answerTimeoutMs: 50 };

describe('a database', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'database test', max: 3 });
    await database.query('CREATE TABLE note (text text)');
  });

  afterAll(async () => {
    await database.close();
    await temporary.drop();
  });

  const notes = async () =>
    (await database.query<{ text: string }>('SELECT text FROM note')).rows.map((row) => row.text);

  /** Ends every other connection to the database, as a restart of the server would. */
  const killOthers = () =>
    database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );

  it('commits a transaction that returns', async () => {
    const result = await database.transaction(async (transaction) => {
      await transaction.query('INSERT INTO note VALUES ($1)', ['kept']);
      return 'returned';
    });
    expect(result).toBe('returned');
    expect(await notes()).toEqual(['kept']);
  });

  it('rolls back a transaction that throws, and rethrows', async () => {
    const failure = new Error('changed my mind');
    const attempt = database.transaction(async (transaction) => {
      await transaction.query('INSERT INTO note VALUES ($1)', ['undone']);
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await notes()).toEqual(['kept']);
  });

  it('survives a connection that breaks within a transaction', async () => {
    const attempt = database.transaction(async (transaction) => {
      await transaction.query('SELECT 1');
      await killOthers();
      // these round trips give the client time to notice that its connection broke
      for (let round = 0; round < 10; round++) await database.query('SELECT 1');
      await transaction.query('SELECT 1');
    });
    await expect(attempt).rejects.toThrow();
    expect(await notes()).toEqual(['kept']);
  });

  it('delivers notifications until the subscription ends', async () => {
    const received: (string | undefined)[] = [];
    const end = await database.listen('door', (payload) => received.push(payload));
    await database.query(`SELECT pg_notify('door', 'first')`);
    await expect.poll(() => received).toEqual(['first']);
    await end();
    const other = Promise.withResolvers<string | undefined>();
    const endOther = await database.listen('window', other.resolve);
    await database.query(`SELECT pg_notify('door', 'second'), pg_notify('window', 'open')`);
    expect(await other.promise).toBe('open');
    expect(received).toEqual(['first']);
    await endOther();
  });

  it('listens again after its connection was lost, and reports that notifications may be missing', async () => {
    const received: (string | undefined)[] = [];
    const end = await database.listen('door', (payload) => received.push(payload));
    await killOthers();
    await expect.poll(() => received, { timeout: 10_000 }).toEqual([undefined]);
    await database.query(`SELECT pg_notify('door', 'again')`);
    await expect.poll(() => received).toEqual([undefined, 'again']);
    await end();
  });

  it('ends a statement at its timeout, and stays usable', async () => {
    const impatient = new Database(temporary.url, { applicationName: 'impatient', max: 1, statementTimeoutMs: 50 });
    await expect(impatient.query('SELECT pg_sleep(60)')).rejects.toThrow(
      'canceling statement due to statement timeout',
    );
    expect((await impatient.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await impatient.close();
  });

  it('gives up a query whose connection goes silent, and the next query gets another connection', async () => {
    const proxy = await startSilentProxy(temporary.url);
    const impatient = new Database(proxy.url, { applicationName: 'cut off', max: 1, ...SILENT });
    await impatient.query('SELECT 1');
    proxy.silence();
    await expect(impatient.query('SELECT 1')).rejects.toThrow('Query read timeout');
    expect((await impatient.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await impatient.close();
    await proxy.stop();
  });

  it('gives up a transaction whose connection goes silent after one timeout, and PostgreSQL frees its locks', async () => {
    const proxy = await startSilentProxy(temporary.url);
    const impatient = new Database(proxy.url, { applicationName: 'cut off', max: 1, ...SILENT });
    const attempt = impatient.transaction(async (transaction) => {
      await transaction.query('LOCK TABLE note');
      proxy.silence();
      await transaction.query('SELECT 1');
    });
    await expect(attempt).rejects.toThrow('Query read timeout');
    // The host behind the proxy never ends the connection, so only PostgreSQL's own timeout can free the lock.
    await database.query('SELECT 1 FROM note');
    await impatient.close();
    await proxy.stop();
  });

  it('rejects a URL that is not a PostgreSQL URL, without repeating it', () => {
    for (const url of ['mysql://user:secret@host/db', 'postgres//user:secret@host', '']) {
      expect(() => new Database(url, { applicationName: 'x' })).toThrow(/^the database URL must look like postgres:/);
    }
  });
});
