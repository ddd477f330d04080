import type { Backlog } from '@hatchet-ts/storage/runs';
import type { Batcher } from '../batch/batcher.ts';
import type { QueuedKind } from '../runs/creation.ts';
import type { Scheduler } from './scheduler.ts';

/** Those who give tasks to workers: one by one, or in batches. */
export interface Scheduling {
  /** A task of this kind waits, and is committed. */
  queued(backlog: Backlog, kind: QueuedKind): void;
  /** A worker has come, or has room again. */
  wake(): void;
  /** Finds out what waits: at the start, and whenever another engine may have been at work. */
  recover(): Promise<void>;
  stop(): Promise<void>;
}

export function createScheduling(scheduler: Scheduler, batcher: Batcher): Scheduling {
  return {
    queued(backlog, { slots, batched }) {
      if (batched) batcher.queued(backlog);
      else scheduler.queued(backlog, slots);
    },
    wake() {
      scheduler.wake();
      batcher.wake();
    },
    async recover() {
      await scheduler.recover();
      await batcher.recover();
    },
    async stop() {
      await Promise.all([scheduler.stop(), batcher.stop()]);
    },
  };
}
