import { randomUUIDv7 } from 'node:crypto';
import {
  type BatchableTask,
  type BatchBacklog,
  type EpochMs,
  listBatchBacklogs,
  pickBatchable,
} from '@hatchet-ts/storage/runs';
import type { BatchConfig } from '@hatchet-ts/storage/workflows';
import { now } from '../clock.ts';
import { Alarm } from '../loops/alarm.ts';
import { matchSlots } from '../placement/slots.ts';
import { assign, type SchedulingDeps, slotsOf } from './assign.ts';
import { type Batch, formBatches, MOST_IN_A_BATCH } from './batches.ts';

/** Collects queued batch tasks, and assigns full or due batches to workers that have room. */
export class Batcher {
  readonly #deps: SchedulingDeps;
  readonly #backlogs = new Map<string, BatchBacklog>();
  readonly #alarm: Alarm;

  constructor(deps: SchedulingDeps) {
    this.#deps = deps;
    this.#alarm = new Alarm(() => deps.exclusive.run(() => this.#pass()), deps.timing.timerCheck, deps.onError);
  }

  /** Reads the kinds of queued batch tasks from the database. */
  async recover(): Promise<void> {
    for (const backlog of await listBatchBacklogs(this.#deps.db)) this.queued(backlog);
    this.#alarm.start();
  }

  /** To be called once a batch task of this kind is queued and committed. */
  queued({ tenantId, action }: BatchBacklog): void {
    this.#backlogs.set(`${tenantId} ${action}`, { tenantId, action });
    this.wake();
  }

  /** To be called if a worker connected or has room again. */
  wake(): void {
    if (this.#backlogs.size > 0) this.#alarm.start();
  }

  stop(): Promise<void> {
    return this.#alarm.stop();
  }

  async #pass(): Promise<EpochMs | null> {
    const { db, registry, dispatch, mayRun } = this.#deps;
    const backlogs = [...this.#backlogs];
    if (!mayRun() || backlogs.length === 0) return null;
    // Forgotten before the rows are read: tasks queued later note their kind again.
    this.#backlogs.clear();
    try {
      const tasks = await pickBatchable(
        db,
        backlogs.map(([, backlog]) => backlog),
        MOST_IN_A_BATCH,
      );
      await registry.load(tasks.map(({ versionId }) => versionId));
      for (const { tenantId, action } of tasks) this.#backlogs.set(`${tenantId} ${action}`, { tenantId, action });
      const unbatchable = tasks.filter(({ batchKeyError }) => batchKeyError !== null);
      if (unbatchable.length > 0) {
        await dispatch.rejectUnbatchable(unbatchable);
        return now();
      }
      const { ready, nextAt } = formBatches(tasks, (task) => this.#config(task), now());
      const assigned = await this.#assign(ready);
      // There may be more tasks than were picked.
      return assigned > 0 ? now() : nextAt;
    } catch (error) {
      for (const [key, backlog] of backlogs) this.#backlogs.set(key, backlog);
      throw error;
    }
  }

  async #assign(ready: readonly Batch[]): Promise<number> {
    const { registry, pool, timing } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    const batches = new Map<string, Batch>(ready.map((batch) => [randomUUIDv7(), batch]));
    const candidates = [...batches].map(([id, { tasks }]) => {
      const first = tasks[0]!;
      return { id, eligible: pool.eligible(first, aliveSince), slots: slotsOf(registry, first) };
    });
    const free = new Map(candidates.flatMap(({ eligible }) => eligible).map(({ id }) => [id, pool.free(id)]));
    const matches = matchSlots(candidates, free);
    for (const [id, workerId] of matches) await this.#assignBatch(id, batches.get(id)!, workerId);
    return matches.size;
  }

  async #assignBatch(id: string, { tasks, reason }: Batch, workerId: string): Promise<void> {
    const choices = tasks.map((task) => ({ task, workerId }));
    const assignments = await assign(this.#deps, choices, id);
    if (assignments.length === 0) return;
    this.#deps.dispatch.sendBatch({ id, key: tasks[0]!.batchKey, reason, assignments });
  }

  #config({ versionId, step }: BatchableTask): BatchConfig {
    return this.#deps.registry.steps(versionId)[step]?.batch ?? { maxSize: 1 };
  }
}
