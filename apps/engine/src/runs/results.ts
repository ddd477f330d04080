import type { Queryable } from '@hatchet-ts/storage';
import { finishedRuns, type RunResult } from '@hatchet-ts/storage/runs';
import { SingleLoop } from '../loops/single-loop.ts';

interface Subscriber {
  tenantId: string;
  onFinished(result: RunResult): void;
}

/** Notifies subscribers when a run ends, or at once if it has ended. */
export class Results {
  readonly #db: Queryable;
  readonly #onError: (error: unknown) => void;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  readonly #toRead = new Set<string>();
  readonly #loop: SingleLoop;

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
    this.#loop = new SingleLoop(() => this.#read(), onError);
  }

  /** Calls `onFinished` once, when the tenant's run has ended. @returns unsubscribes */
  subscribe(tenantId: string, runId: string, onFinished: (result: RunResult) => void): () => void {
    const subscriber = { tenantId, onFinished };
    const subscribers = this.#subscribers.get(runId) ?? new Set();
    this.#subscribers.set(runId, subscribers.add(subscriber));
    this.#enqueue(runId);
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.#subscribers.get(runId) === subscribers) this.#subscribers.delete(runId);
    };
  }

  /** To be called once the run's end is committed. */
  runEnded(runId: string): void {
    if (this.#subscribers.has(runId)) this.#enqueue(runId);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #enqueue(runId: string): void {
    this.#toRead.add(runId);
    this.#loop.wake();
  }

  async #read(): Promise<void> {
    const runIds = [...this.#toRead];
    this.#toRead.clear();
    if (runIds.length === 0) return;
    try {
      for (const result of await finishedRuns(this.#db, runIds)) this.#notify(result);
    } catch (error) {
      for (const runId of runIds) this.#toRead.add(runId);
      throw error;
    }
  }

  #notify(result: RunResult): void {
    const subscribers = this.#subscribers.get(result.id);
    for (const subscriber of [...(subscribers ?? [])]) {
      if (subscriber.tenantId !== result.tenantId) continue;
      subscribers?.delete(subscriber);
      try {
        subscriber.onFinished(result);
      } catch (error) {
        this.#onError(error);
      }
    }
    if (subscribers?.size === 0) this.#subscribers.delete(result.id);
  }
}
