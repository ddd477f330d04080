import { vi } from 'vitest';

/** Lets the SDK's 13 seconds of retries pass in a fraction of one, until `vi.restoreAllMocks()`. */
export function hastenRetries(): void {
  const { setTimeout } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms = 0) =>
    setTimeout(work, ms >= 100 ? ms / 200 : ms)) as typeof setTimeout);
}
