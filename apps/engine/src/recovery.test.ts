import type { Queryable } from '@hatchet-ts/storage';
import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { expect, test } from 'vitest';
import { now } from './clock.ts';
import { Exclusive } from './loops/exclusive.ts';
import { TIMING } from './loops/timing.ts';
import { WorkerPool } from './placement/worker-pool.ts';
import { type RecoveryDeps, recover } from './recovery.ts';

const worker = (more: Partial<WorkerRow>): WorkerRow =>
  ({ id: 'w', tenantId: 't', actions: [], slots: {}, labels: {}, unsubscribed: false, ...more }) as WorkerRow;

/** Recovery of an engine that knows `known`, from a database that has `stored`; `steps` are what it did, in order. */
function recoveryOf(known: WorkerRow, stored: WorkerRow) {
  const steps: string[] = [];
  const note = (step: string) => () => {
    steps.push(step);
  };
  const pool = new WorkerPool();
  pool.add(known);
  const exclusive = new Exclusive();
  const db = {
    async query(statement: string) {
      if (statement.includes('FROM worker')) return { rows: [stored] };
      steps.push(statement.includes('SET due_at') ? 'postpone timeouts' : 'read attempts');
      return { rows: [] };
    },
  } as unknown as Queryable;
  const deps = {
    db,
    pool,
    exclusive,
    timing: TIMING,
    lease: { losses: 0, confirm: note('confirm') },
    registry: { forget: note('forget workflows'), load: async () => {} },
    heartbeats: { forgive: note('forgive heartbeats') },
    scheduling: { recover: note('schedule') },
    durable: { recover: note('durable') },
    timers: { start: note('timers') },
    triggerClock: { start: note('trigger clock') },
  } as unknown as RecoveryDeps;
  return { deps, pool, exclusive, steps };
}

test('a recovery waits for the scheduling pass in progress, and resumes work once memory agrees with the rows', async () => {
  const { deps, exclusive, steps } = recoveryOf(worker({}), worker({}));
  const pass = Promise.withResolvers<void>();
  void exclusive.run(() => pass.promise);
  const recovered = recover(deps);
  await new Promise(setImmediate);
  expect(steps).toEqual(['forget workflows']);
  pass.resolve();
  await recovered;
  expect(steps).toEqual([
    'forget workflows',
    'postpone timeouts',
    'read attempts',
    'forgive heartbeats',
    'confirm',
    'schedule',
    'durable',
    'timers',
    'trigger clock',
  ]);
});

test('a worker that another engine has heard of since has the state that it stored; else memory is right', async () => {
  const at = now();
  const known = worker({ lastHeartbeatAt: at, unsubscribed: false });
  const later = recoveryOf(known, worker({ lastHeartbeatAt: at + 1, unsubscribed: true }));
  await recover(later.deps);
  expect(later.pool.worker('w')).toBe(known);
  expect(known).toMatchObject({ lastHeartbeatAt: at + 1, unsubscribed: true });
  const earlier = recoveryOf(known, worker({ lastHeartbeatAt: at, unsubscribed: false }));
  await recover(earlier.deps);
  expect(known).toMatchObject({ lastHeartbeatAt: at + 1, unsubscribed: true });
});
