import type { EpochMs } from '@hatchet-ts/storage/runs';
import { nextFireAt } from '@hatchet-ts/storage/triggers';

/** Most firings of one cron in one pass; the next pass continues. */
const MOST_MOMENTS = 100;

/**
 * Computes the moments for which a cron fires at `at`, and its next moment; null for never again. Moments missed while no
 * engine ran are made up for individually, as far back as `catchUp` milliseconds; of older ones only the first.
 */
export function cronMoments(
  expression: string,
  first: EpochMs,
  at: EpochMs,
  catchUp: number,
): { moments: EpochMs[]; next: EpochMs | null } {
  const moments: EpochMs[] = [];
  let next: EpochMs | null = first;
  while (next !== null && next <= at && moments.length < MOST_MOMENTS) {
    moments.push(next);
    // one millisecond earlier, so that the moment itself is included
    next = nextFireAt(expression, new Date(Math.max(next, at - catchUp - 1)))?.getTime() ?? null;
  }
  return { moments, next };
}
