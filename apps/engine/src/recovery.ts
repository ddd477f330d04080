import type { Queryable } from '@hatchet-ts/storage';
import { postponeTimeouts, runningAttempts } from '@hatchet-ts/storage/runs';
import { knownWorkers } from '@hatchet-ts/storage/workers';
import { now } from './clock.ts';
import type { Durable } from './durable/durable.ts';
import type { Lease } from './lease.ts';
import type { Exclusive } from './loops/exclusive.ts';
import type { Timing } from './loops/timing.ts';
import type { Attempt, WorkerPool } from './placement/worker-pool.ts';
import type { Registry } from './runs/registry.ts';
import type { HeartbeatMonitor } from './scheduling/heartbeats.ts';
import type { Scheduling } from './scheduling/scheduling.ts';
import type { TaskTimers } from './scheduling/timers.ts';
import type { TriggerClock } from './triggers/trigger-clock.ts';

export interface RecoveryDeps {
  db: Queryable;
  lease: Lease;
  pool: WorkerPool;
  registry: Registry;
  exclusive: Exclusive;
  timing: Timing;
  scheduling: Scheduling;
  durable: Durable;
  heartbeats: HeartbeatMonitor;
  timers: TaskTimers;
  triggerClock: TriggerClock;
}

/**
 * Rebuilds the engine's memory from the database, and resumes all work: at the start, and whenever the engine has regained
 * the lock, while calls are served. Nothing is assigned until the pool agrees with the rows.
 */
export async function recover(deps: RecoveryDeps): Promise<void> {
  const { db, lease, pool, registry, exclusive, timing, scheduling, durable, heartbeats, timers, triggerClock } = deps;
  const { losses } = lease;
  // Another engine may have registered other versions meanwhile.
  registry.forget(undefined);
  await exclusive.run(async () => {
    await postponeTimeouts(db, now() + timing.restart);
    for (const row of await knownWorkers(db, now() - timing.heartbeat)) {
      const known = pool.add(row);
      // Another engine has heard of the worker since.
      if (known.lastHeartbeatAt < row.lastHeartbeatAt) Object.assign(known, row);
    }
    await pool.reconcile(() => readAttempts(deps));
  });
  heartbeats.forgive();
  lease.confirm(losses);
  await scheduling.recover();
  await durable.recover();
  timers.start();
  triggerClock.start();
}

async function readAttempts({ db, registry }: RecoveryDeps): Promise<Attempt[]> {
  const rows = await runningAttempts(db);
  await registry.load(rows.map(({ versionId }) => versionId));
  return rows.map(({ versionId, step, slotsReleased, batchId, ...attempt }) => ({
    ...attempt,
    slots: slotsReleased ? {} : (registry.steps(versionId)[step]?.slots ?? {}),
    ...(batchId === null ? {} : { batchId }),
  }));
}
