import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { tasksOfWorkers } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Settle } from '../runs/settlement.ts';
import { singleLoop } from './single-loop.ts';
import type { Timing } from './timing.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface HeartbeatsDeps {
  db: Queryable;
  pool: WorkerPool;
  settle: Settle;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Watches for workers that are no longer heard of, and gives their tasks to others. Returns how to stop. */
export function watchHeartbeats(deps: HeartbeatsDeps): () => Promise<void> {
  const { db, pool, settle, timing, mayRun, onError } = deps;
  // While the engine was away it could not hear anyone.
  const startedAt = now();

  const loop = singleLoop(async () => {
    const aliveSince = now() - timing.heartbeat;
    if (!mayRun() || aliveSince < startedAt) return;
    const lost = pool.lost(aliveSince);
    pool.forget(aliveSince);
    if (lost.length === 0) return;
    const tasks = await tasksOfWorkers(db, lost);
    const error = `the worker was lost: no heartbeat for ${timing.heartbeat / 1_000} s`;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
    await runSpan('process-task-reassignments', options, () =>
      settle(
        tasks.map(({ id, runId, retryCount }) => ({
          runId,
          event: { kind: 'worker-lost', taskId: id, retryCount, error },
        })),
      ),
    );
  }, onError);

  const check = setInterval(loop.wake, timing.heartbeatCheck);
  return async () => {
    clearInterval(check);
    await loop.stop();
  };
}
