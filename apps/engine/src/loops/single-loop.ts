import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';

/** Pause after a failed round, in milliseconds. */
const RETRY_MS = 500;

/** Runs `round` when woken, never twice at a time, and outside the trace of the caller that woke it. */
export class SingleLoop {
  readonly #round: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #retryMs: number;
  #wanted = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** @param onError receives the error of a failed round; the loop retries it after `retryMs`. */
  constructor(round: () => Promise<void>, onError: (error: unknown) => void, retryMs = RETRY_MS) {
    this.#round = round;
    this.#onError = onError;
    this.#retryMs = retryMs;
  }

  /** Requests one more round; calls before it begins share it. After a failed round the retry is the next one. */
  readonly wake = (): void => {
    this.#wanted = true;
    if (this.#stopped || this.#retry) return;
    this.#running ??= context
      .with(ROOT_CONTEXT, () => this.#run())
      .finally(() => {
        this.#running = undefined;
        if (this.#wanted && !this.#stopped) this.wake();
      });
  };

  /** Waits for the current round and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      // Changes committed in this turn of the event loop share a round.
      await nextTurn();
      this.#wanted = false;
      try {
        await this.#round();
      } catch (error) {
        if (this.#stopped) return;
        this.#onError(error);
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.wake();
        }, this.#retryMs);
        return;
      }
    }
  }
}
