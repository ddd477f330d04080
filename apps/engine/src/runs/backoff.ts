import type { Step } from '@hatchet-ts/storage/workflows';

/** How long the n-th retry (from 1) of a step waits, in milliseconds. */
export function retryDelayMs({ backoff }: Pick<Step, 'backoff'>, retry: number): number {
  if (!backoff) return 0;
  return Math.min(backoff.factor ** retry, backoff.maxSeconds) * 1_000;
}
