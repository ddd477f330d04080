import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, extendTimeout, releaseSlots } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { Refusal } from '../refusal.ts';

export interface RunningTasksDeps {
  db: Queryable;
  pool: WorkerPool;
  /** Slots were freed. */
  onCapacity(): void;
  onTimer(dueAt: EpochMs): void;
}

/** Requests of running tasks. @throws Refusal if the task does not run. */
export class RunningTasks {
  readonly #deps: RunningTasksDeps;

  constructor(deps: RunningTasksDeps) {
    this.#deps = deps;
  }

  /** Extends a task's timeout; resolves to its new end. */
  async extendTimeout(tenantId: string, taskId: string, byMs: number): Promise<Date> {
    const dueAt = await extendTimeout(this.#deps.db, { tenantId, taskId, byMs }, now());
    if (dueAt === undefined) throw notRunning(taskId);
    this.#deps.onTimer(dueAt);
    return new Date(dueAt);
  }

  /** Frees the slots of a task that continues, so that its worker can take another one. */
  async releaseSlots(tenantId: string, taskId: string): Promise<void> {
    const { db, pool, onCapacity } = this.#deps;
    const released = await releaseSlots(db, { tenantId, taskId });
    if (!released) throw notRunning(taskId);
    const attempt = pool.attempt(taskId, released.retryCount);
    if (attempt) pool.occupy({ ...attempt, slots: {} });
    onCapacity();
  }
}

function notRunning(taskId: string): Refusal {
  return new Refusal('not-found', `task run is not running: ${taskId}`);
}
