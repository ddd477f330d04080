import type { Backlog } from '@hatchet-ts/storage/runs';
import type { QueuedKind } from '../runs/run-factory.ts';
import type { SchedulingDeps } from './assign.ts';
import { Batcher } from './batcher.ts';
import { Scheduler } from './scheduler.ts';

/** Assigns queued tasks to workers: one by one, or in batches. */
export class Scheduling {
  readonly #scheduler: Scheduler;
  readonly #batcher: Batcher;

  constructor(deps: SchedulingDeps) {
    this.#scheduler = new Scheduler(deps);
    this.#batcher = new Batcher(deps);
  }

  /** To be called once a task of this kind is queued and committed. */
  readonly queued = (backlog: Backlog, { slots, batched }: QueuedKind): void => {
    if (batched) this.#batcher.queued(backlog);
    else this.#scheduler.queued(backlog, slots);
  };

  /** To be called if a worker connected or has room again. */
  readonly wake = (): void => {
    this.#scheduler.wake();
    this.#batcher.wake();
  };

  /** Reads the kinds of queued tasks from the database. */
  async recover(): Promise<void> {
    await this.#scheduler.recover();
    await this.#batcher.recover();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#scheduler.stop(), this.#batcher.stop()]);
  }
}
