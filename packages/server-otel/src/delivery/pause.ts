import type { DeliveryLimits } from './limits.ts';

/**
 * How long to wait after the n-th failure in a row: twice as long each time, of which a random half is left out, so
 * that the services of an installation do not come back all at once.
 *
 * @param failures 1 for the first
 * @param connected whether the collector answers at all
 */
export function pauseMillis(failures: number, connected: boolean, limits: DeliveryLimits): number {
  const { firstPauseMillis, longestPauseMillis, reconnectMillis } = limits;
  const longest = connected ? longestPauseMillis : reconnectMillis;
  return Math.min(longest, firstPauseMillis * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

/** A pause that can be ended early. Holds no process alive. */
export class Pause {
  #end: (() => void) | undefined;

  async wait(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(Math.max(millis, 0), LONGEST_TIMER)).unref();
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  end(): void {
    this.#end?.();
  }
}

const LONGEST_TIMER = 2 ** 31 - 1;
