import { randomUUIDv7 } from 'node:crypto';
import { runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import {
  type Assignment,
  assignTasks,
  type BatchableTask,
  type BatchBacklog,
  type EpochMs,
  listBatchBacklogs,
  pickBatchable,
} from '@hatchet-ts/storage/runs';
import type { BatchConfig } from '@hatchet-ts/storage/workflows';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Registry } from '../runs/registry.ts';
import { type Alarm, createAlarm } from '../scheduling/alarm.ts';
import type { Exclusive } from '../scheduling/exclusive.ts';
import { matchSlots, type Slots } from '../scheduling/slots.ts';
import type { Timing } from '../scheduling/timing.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';
import { type Batch, formBatches, MOST_IN_A_BATCH } from './batches.ts';

/** A batch that was given to a worker. */
export interface AssignedBatch {
  id: string;
  key: string;
  reason: Batch['reason'];
  assignments: Assignment[];
}

export interface BatcherDeps {
  db: Queryable;
  registry: Registry;
  pool: WorkerPool;
  timing: Timing;
  exclusive: Exclusive;
  mayRun(): boolean;
  /** A committed assignment, to be sent. */
  onAssigned(batch: AssignedBatch): void;
  onTimer(dueAt: EpochMs): void;
  onError(error: unknown): void;
}

/** Gathers batch tasks that wait, and gives full or overdue batches to workers that have room; a batch takes one task's slots. */
export class Batcher {
  readonly #deps: BatcherDeps;
  readonly #backlogs = new Map<string, BatchBacklog>();
  readonly #alarm: Alarm;

  constructor(deps: BatcherDeps) {
    this.#deps = deps;
    this.#alarm = createAlarm(() => deps.exclusive(() => this.#pass()), deps.timing.timerCheck, deps.onError);
  }

  async recover(): Promise<void> {
    for (const backlog of await listBatchBacklogs(this.#deps.db)) this.queued(backlog);
    this.#alarm.start();
  }

  /** A batch task of this kind waits, and is committed. */
  queued({ tenantId, action }: BatchBacklog): void {
    this.#backlogs.set(`${tenantId} ${action}`, { tenantId, action });
    this.wake();
  }

  /** A worker has come, or has room again. */
  wake(): void {
    if (this.#backlogs.size > 0) this.#alarm.start();
  }

  stop(): Promise<void> {
    return this.#alarm.stop();
  }

  async #pass(): Promise<EpochMs | null> {
    const { db, registry, mayRun } = this.#deps;
    const kinds = [...this.#backlogs];
    if (!mayRun() || kinds.length === 0) return null;
    // Forgotten before the rows are read: what is queued after that is noted again.
    this.#backlogs.clear();
    try {
      const tasks = await pickBatchable(
        db,
        kinds.map(([, kind]) => kind),
        MOST_IN_A_BATCH,
      );
      await registry.load(tasks.map(({ versionId }) => versionId));
      for (const { tenantId, action } of tasks) this.#backlogs.set(`${tenantId} ${action}`, { tenantId, action });
      const { ready, nextAt } = formBatches(tasks, (task) => this.#config(task), now());
      const assigned = await this.#assign(ready);
      // There may be more than were looked at.
      return assigned > 0 ? now() : nextAt;
    } catch (error) {
      for (const [key, kind] of kinds) this.#backlogs.set(key, kind);
      throw error;
    }
  }

  async #assign(ready: readonly Batch[]): Promise<number> {
    const { pool, timing } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    const batches = new Map<string, Batch>(ready.map((batch) => [randomUUIDv7(), batch]));
    const candidates = [...batches].map(([id, { tasks }]) => {
      const first = tasks[0]!;
      return { id, takers: pool.takers(first, aliveSince), slots: this.#slots(first) };
    });
    const free = new Map(candidates.flatMap(({ takers }) => takers).map(({ id }) => [id, pool.free(id)]));
    const matches = matchSlots(candidates, free);
    for (const [id, workerId] of matches) await this.#commit(id, batches.get(id)!, workerId);
    return matches.size;
  }

  async #commit(batchId: string, { tasks, reason }: Batch, workerId: string): Promise<void> {
    const { db, timing, pool, onTimer, onAssigned } = this.#deps;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'queue.item_count': tasks.length } };
    const at = now();
    const wanted = tasks.map(({ id, runId }) => ({ taskId: id, runId, workerId, batchId }));
    const assignments = await runSpan('queue', options, () =>
      runSpan('try-assign', {}, async (span) => {
        const assigned = await assignTasks(db, wanted, at, at + timing.start);
        const counts = { 'batch.assigned': assigned.length, 'batch.unassigned': tasks.length - assigned.length };
        setRunAttributes(span, counts);
        return assigned;
      }),
    );
    for (const [position, { task, run }] of assignments.entries()) {
      const { id: taskId, retryCount, runId, tenantId } = task;
      const { traceparent, tracestate, rootSpanId } = run;
      const slots = position === 0 ? this.#slots(tasks[0]!) : {};
      pool.occupy({
        taskId,
        retryCount,
        runId,
        tenantId,
        workerId,
        slots,
        batchId,
        traceparent,
        tracestate,
        rootSpanId,
      });
    }
    if (assignments.length === 0) return;
    onTimer(at + timing.start);
    onAssigned({ id: batchId, key: tasks[0]!.batchKey, reason, assignments });
  }

  #config({ versionId, step }: BatchableTask): BatchConfig {
    return this.#deps.registry.steps(versionId)[step]?.batch ?? { maxSize: 1 };
  }

  #slots({ versionId, step }: BatchableTask): Slots {
    return this.#deps.registry.steps(versionId)[step]?.slots ?? { default: 1 };
  }
}
