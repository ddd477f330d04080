import type { Queryable } from '@hatchet-ts/storage';
import { finishedRuns, type RunResult } from '@hatchet-ts/storage/runs';
import { singleLoop } from '../scheduling/single-loop.ts';

/** Waits for runs to end, whoever asks, and however late. */
export interface Results {
  /** Calls `onFinished` once, when the tenant's run ends, or soon if it has. Returns how to stop waiting. */
  subscribe(tenantId: string, runId: string, onFinished: (result: RunResult) => void): () => void;
  /** A run has ended and is committed. */
  ended(runId: string): void;
  stop(): Promise<void>;
}

export function createResults(db: Queryable, onError: (error: unknown) => void): Results {
  const subscribers = new Map<string, Set<{ tenantId: string; onFinished: (result: RunResult) => void }>>();
  const toRead = new Set<string>();

  const loop = singleLoop(async () => {
    const runIds = [...toRead];
    toRead.clear();
    if (runIds.length === 0) return;
    try {
      for (const result of await finishedRuns(db, runIds)) tell(result);
    } catch (error) {
      for (const runId of runIds) toRead.add(runId);
      throw error;
    }
  }, onError);

  function tell(result: RunResult): void {
    const waiting = subscribers.get(result.id);
    for (const subscriber of [...(waiting ?? [])]) {
      if (subscriber.tenantId !== result.tenantId) continue;
      waiting?.delete(subscriber);
      subscriber.onFinished(result);
    }
    if (waiting?.size === 0) subscribers.delete(result.id);
  }

  function read(runId: string): void {
    toRead.add(runId);
    loop.wake();
  }

  return {
    subscribe(tenantId, runId, onFinished) {
      const subscriber = { tenantId, onFinished };
      const waiting = subscribers.get(runId) ?? new Set();
      subscribers.set(runId, waiting.add(subscriber));
      read(runId);
      return () => {
        waiting.delete(subscriber);
        if (waiting.size === 0 && subscribers.get(runId) === waiting) subscribers.delete(runId);
      };
    },
    ended(runId) {
      if (subscribers.has(runId)) read(runId);
    },
    stop: () => loop.stop(),
  };
}
