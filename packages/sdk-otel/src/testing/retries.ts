import { vi } from 'vitest';

/** Shortens the SDK's 13 seconds of retries to a fraction of a second, until `vi.restoreAllMocks()`. */
export function hastenRetries(): void {
  const { setTimeout } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms = 0) =>
    setTimeout(work, ms >= 100 ? ms / 200 : ms)) as typeof setTimeout);
}
