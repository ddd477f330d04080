import { Database } from '@hatchet-ts/storage';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { Resources } from '@hatchet-ts/trace-testing';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { Lease } from './lease.ts';

const resources = new Resources();
afterEach(() => resources.stop());

/** Lease on a database of its own; `lose` breaks its connection, and resolves once the lock is held again. */
async function heldLease(): Promise<{ lease: Lease; lose: () => Promise<void> }> {
  const database = await temporaryDatabase();
  resources.defer(() => database.drop());
  const db = new Database(database.url, { applicationName: 'test', max: 1 });
  resources.defer(() => db.close());
  const lease = new Lease(pino({ level: 'silent' }));
  let regained = Promise.withResolvers<void>();
  await lease.take(database.url, 'leased', () => regained.resolve());
  resources.defer(() => lease.release());
  return {
    lease,
    async lose() {
      regained = Promise.withResolvers();
      await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leased'`);
      await regained.promise;
    },
  };
}

test('an engine may schedule once its memory agrees with the rows, and again after a loss only once it has recovered', async () => {
  const { lease, lose } = await heldLease();
  expect(lease.mayRun()).toBe(false);
  lease.confirm(lease.losses);
  expect(lease.mayRun()).toBe(true);
  await lose();
  expect(lease.mayRun()).toBe(false);
  lease.confirm(lease.losses);
  expect(lease.mayRun()).toBe(true);
});

test('a recovery during which the lock was lost again confirms nothing', async () => {
  const { lease, lose } = await heldLease();
  const { losses } = lease;
  await lose();
  lease.confirm(losses);
  expect(lease.mayRun()).toBe(false);
});

test('a recovery that ends after a later one revokes nothing', async () => {
  const { lease, lose } = await heldLease();
  const earlier = lease.losses;
  await lose();
  lease.confirm(lease.losses);
  lease.confirm(earlier);
  expect(lease.mayRun()).toBe(true);
});
