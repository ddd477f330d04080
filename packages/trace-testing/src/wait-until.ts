import { setTimeout as delay } from 'node:timers/promises';

/** Deadline and pace of a wait. */
export interface WaitOptions {
  /** Default: 90,000. Generous, so that only a condition that never holds reaches it. */
  timeoutMs?: number;
  /** Default: 50. */
  intervalMs?: number;
  /** Describes the current state for the error. */
  describe?: () => string;
}

/**
 * Polls until the probe returns a truthy value, and returns that value. Prefer an event where there is one.
 *
 * @param what - the awaited state in words, for the error
 * @throws Error after the deadline
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 90_000, intervalMs = 50, describe }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value as Exclude<T, undefined | null | false>;
    if (Date.now() > deadline) {
      throw new Error(`timed out after ${timeoutMs / 1000} s waiting for ${what}${describe ? `; ${describe()}` : ''}`);
    }
    await delay(intervalMs);
  }
}
