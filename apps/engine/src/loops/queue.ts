import type { Queryable } from '@hatchet-ts/storage';
import { SingleLoop } from './single-loop.ts';

/** Pause before an item that failed by itself is tried again. */
const FAILED_PAUSE_MS = 60_000;

/** Items handled in batches. If a batch fails, its items are handled one by one, so that one cannot stop the others. */
export class Queue<Item> {
  readonly #db: Queryable;
  readonly #handle: (batch: readonly Item[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #items: Item[] = [];
  readonly #loop: SingleLoop;
  readonly #retries = new Set<NodeJS.Timeout>();

  constructor(db: Queryable, handle: (batch: readonly Item[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#db = db;
    this.#handle = handle;
    this.#onError = onError;
    this.#loop = new SingleLoop(() => this.#round(), onError);
  }

  push(...items: Item[]): void {
    if (items.length === 0) return;
    this.#items.push(...items);
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    for (const retry of this.#retries) clearTimeout(retry);
  }

  async #round(): Promise<void> {
    const batch = [...this.#items];
    if (batch.length === 0) return;
    try {
      await this.#handle(batch);
      this.#items.splice(0, batch.length);
    } catch {
      for (const item of batch) {
        await this.#handleAlone(item);
        this.#items.shift();
      }
    }
  }

  async #handleAlone(item: Item): Promise<void> {
    try {
      await this.#handle([item]);
    } catch (error) {
      // Throws if the database is away: then no item is at fault, and all stay for the next round.
      await this.#db.query('SELECT 1');
      this.#onError(error);
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        this.push(item);
      }, FAILED_PAUSE_MS);
      this.#retries.add(retry);
    }
  }
}
