import { runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type Assignment, assignTasks, type EpochMs, type QueuedTask } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { Exclusive } from '../loops/exclusive.ts';
import type { Timing } from '../loops/timing.ts';
import type { Slots } from '../placement/slots.ts';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Registry } from '../runs/registry.ts';
import type { Dispatch } from './dispatch.ts';

/** Collaborators of the scheduler and the batcher. */
export interface SchedulingDeps {
  db: Queryable;
  registry: Registry;
  pool: WorkerPool;
  timing: Timing;
  dispatch: Dispatch;
  /** Held while free slots are counted and given out. */
  exclusive: Exclusive;
  /** False while this engine has lost the lock or recovers. */
  mayRun(): boolean;
  onTimer(dueAt: EpochMs): void;
  onError(error: unknown): void;
}

/** Task, and the worker chosen for it. */
export interface Choice {
  task: QueuedTask;
  workerId: string;
}

/**
 * Commits choices in one statement, and occupies the slots of the tasks that were still queued. The tasks of a batch
 * occupy one task's slots together.
 */
export async function assign(
  { db, registry, pool, timing, onTimer }: SchedulingDeps,
  choices: readonly Choice[],
  batchId?: string,
): Promise<Assignment[]> {
  const links = runSpanContexts(choices.map(({ task }) => task));
  const attributes = { 'queue.item_count': choices.length };
  const at = now();
  const startBy = at + timing.start;
  const batch = batchId === undefined ? {} : { batchId };
  const assignments = await runSpan('queue', { root: true, links, attributes }, () =>
    runSpan('try-assign', {}, async (span) => {
      const wanted = choices.map(({ task: { id: taskId, runId }, workerId }) => ({
        taskId,
        runId,
        workerId,
        ...batch,
      }));
      const assigned = await assignTasks(db, wanted, at, startBy);
      setRunAttributes(span, {
        'batch.assigned': assigned.length,
        'batch.unassigned': choices.length - assigned.length,
      });
      return assigned;
    }),
  );
  for (const [position, { task, run }] of assignments.entries()) {
    const { id: taskId, retryCount, runId, tenantId, workerId, step } = task;
    const { traceparent, tracestate, rootSpanId, versionId } = run;
    const sharesSlots = batchId !== undefined && position > 0;
    const slots = sharesSlots ? {} : slotsOf(registry, { versionId, step });
    const context = { traceparent, tracestate, rootSpanId };
    pool.occupy({ taskId, retryCount, runId, tenantId, workerId, slots, ...batch, ...context });
  }
  if (assignments.length > 0) onTimer(startBy);
  return assignments;
}

/** Slots that a task of this step occupies. */
export function slotsOf(registry: Registry, { versionId, step }: Pick<QueuedTask, 'versionId' | 'step'>): Slots {
  return registry.steps(versionId)[step]?.slots ?? { default: 1 };
}
