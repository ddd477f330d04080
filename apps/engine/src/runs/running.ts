import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, extendTimeout, releaseSlots } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { Refusal } from '../refusal.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';

export interface RunningDeps {
  db: Queryable;
  pool: WorkerPool;
  /** There may be room for more work. */
  onRoom(): void;
  onTimer(dueAt: EpochMs): void;
}

/** What a task may ask for while it runs. @throws Refusal when no worker has it */
export class Running {
  readonly #deps: RunningDeps;

  constructor(deps: RunningDeps) {
    this.#deps = deps;
  }

  /** More time; resolves to when it is up. */
  async extendTimeout(tenantId: string, taskId: string, byMs: number): Promise<Date> {
    const dueAt = await extendTimeout(this.#deps.db, { tenantId, taskId, byMs }, now());
    if (dueAt === undefined) throw notRunning(taskId);
    this.#deps.onTimer(dueAt);
    return new Date(dueAt);
  }

  /** To go on without the slots that it occupies: its worker can take something else. */
  async releaseSlots(tenantId: string, taskId: string): Promise<void> {
    const { db, pool, onRoom } = this.#deps;
    const released = await releaseSlots(db, { tenantId, taskId });
    if (!released) throw notRunning(taskId);
    const attempt = pool.attempt(taskId, released.retryCount);
    if (attempt) pool.occupy({ ...attempt, slots: {} });
    onRoom();
  }
}

function notRunning(taskId: string): Refusal {
  return new Refusal('not-found', `no worker has the task run ${taskId}`);
}
