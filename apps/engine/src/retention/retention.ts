import { setTimeout as delay } from 'node:timers/promises';
import { untraced } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { prune, type RetentionKind } from '@hatchet-ts/storage/retention';

export interface RetentionDeps {
  db: Queryable;
  /** Age at which rows are deleted, in milliseconds: of runs since their end, of spans, events and logs since they came. */
  period: number;
  /** Pause between two passes, in milliseconds. */
  pause: number;
  mayRun(): boolean;
  onError(error: unknown): void;
}

const KINDS: RetentionKind[] = ['run', 'event', 'span', 'log line', 'schedule', 'worker'];
const BATCH = 1_000;
/** Pause between two batches, for other users of the database. */
const BATCH_PAUSE_MS = 20;

/** Deletes expired rows, at once and then periodically. */
export class Retention {
  readonly #deps: RetentionDeps;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#loop = untraced(async () => {
      while (!this.#stopping.signal.aborted) {
        await this.#pass().catch(this.#deps.onError);
        await this.#pause(this.#deps.pause);
      }
    });
  }

  /** Waits for the current batch. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #pass(): Promise<void> {
    const { db, period, mayRun } = this.#deps;
    for (const kind of KINDS) {
      for (let deleted = BATCH; deleted === BATCH && !this.#stopping.signal.aborted && mayRun(); ) {
        deleted = await prune(db, kind, new Date(Date.now() - period), BATCH);
        await this.#pause(BATCH_PAUSE_MS);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
  }
}
