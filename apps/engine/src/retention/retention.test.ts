import { randomUUIDv7 } from 'node:crypto';
import { Database, migrate } from '@hatchet-ts/storage';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Retention } from './retention.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const DAY_MS = 86_400_000;

describe('retention in the engine', () => {
  let temporary: TemporaryDatabase;
  let db: Database;

  beforeEach(async () => {
    temporary = await temporaryDatabase();
    db = new Database(temporary.url, { applicationName: 'retention test' });
    await migrate(db);
  });

  afterEach(async () => {
    await db.close();
    await temporary.drop();
  });

  const addEvents = (number: number, at: string) =>
    db.query(
      `INSERT INTO event (id, tenant_id, key, payload, additional_metadata, created_at)
       SELECT overlay($1 placing lpad(to_hex(n), 12, '0') from 25)::uuid, $2, 'key', '{}', '{}', ${at}
       FROM generate_series(1, $3::int) AS n`,
      ['00000000-0000-7000-8000-000000000000', TENANT, number],
    );
  const events = async () => (await db.query('SELECT FROM event')).rowCount;

  it('deletes expired rows periodically, in several batches if necessary', async () => {
    await addEvents(2_500, `now() - interval '2 days'`);
    const retention = new Retention({ db, period: DAY_MS, pause: 10, mayRun: () => true, onError: expect.fail });
    retention.start();
    await expect.poll(events).toBe(0);
    await addEvents(3, `now() - interval '2 days'`);
    await expect.poll(events).toBe(0);
    await retention.stop();
    await addEvents(1, `now() - interval '2 days'`);
    expect(await events()).toBe(1);
  });

  it('waits while this engine may not run, and continues after an error', async () => {
    await addEvents(1, `now() - interval '2 days'`);
    let allowed = false;
    let checks = 0;
    const errors: unknown[] = [];
    const failing: typeof db.query = (...statement) =>
      errors.length === 0 ? Promise.reject(new Error('away')) : db.query(...statement);
    const retention = new Retention({
      db: { query: failing },
      period: DAY_MS,
      pause: 1,
      mayRun() {
        checks += 1;
        return allowed;
      },
      onError: (error) => errors.push(error),
    });
    retention.start();
    await expect.poll(() => checks).toBeGreaterThan(20);
    expect(await events()).toBe(1);
    allowed = true;
    await expect.poll(events).toBe(0);
    expect(errors).toEqual([new Error('away')]);
    await retention.stop();
  });

  it('keeps rows that have not expired', async () => {
    await addEvents(1, 'now()');
    await db.query(
      `INSERT INTO event (id, tenant_id, key, payload, additional_metadata, created_at)
       VALUES ($1, $2, 'young', '{}', '{}', now())`,
      [randomUUIDv7(), TENANT],
    );
    let passes = 0;
    const counting: typeof db.query = (...statement) => {
      passes += 1;
      return db.query(...statement);
    };
    const retention = new Retention({
      db: { query: counting },
      period: DAY_MS,
      pause: 1,
      mayRun: () => true,
      onError: expect.fail,
    });
    retention.start();
    await expect.poll(() => passes).toBeGreaterThan(12);
    await retention.stop();
    expect(await events()).toBe(2);
  });
});
