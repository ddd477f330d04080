import type { EpochMs } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { SingleLoop } from './single-loop.ts';

/** Alarm clock for timers that are rows: it keeps only the time of the next poll. */
export class Alarm {
  readonly #loop: SingleLoop;
  #timeout: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /**
   * @param poll handles due rows; resolves to the time of the next timer, or null if there is none.
   * @param maxPause longest time between two polls, in milliseconds.
   */
  constructor(poll: () => Promise<EpochMs | null>, maxPause: number, onError: (error: unknown) => void) {
    this.#loop = new SingleLoop(async () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.set(now() + maxPause);
      const next = await poll();
      if (next !== null) this.set(next);
    }, onError);
  }

  /** Polls at `dueAt` at the latest. To be called once the timer's row is committed. */
  readonly set = (dueAt: EpochMs): void => {
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(this.start, Math.max(0, Math.ceil(dueAt - now())));
  };

  /** Polls now, and from then on when a timer is due. */
  readonly start = (): void => this.#loop.wake();

  async stop(): Promise<void> {
    await this.#loop.stop();
    clearTimeout(this.#timeout);
  }
}
