import type { EpochMs } from '@hatchet-ts/storage/runs';
import { nextFireAt } from '@hatchet-ts/storage/triggers';

/** Most firings of one cron in one pass; the next pass goes on. */
const MOST_MOMENTS = 100;

/**
 * The moments for which a cron fires at `at`, and when it fires next; null for never again. What came due while no
 * engine ran is made up for, each firing for its own moment, as far back as `catchUp` milliseconds: of what is older,
 * only the first.
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
    // a millisecond earlier, so that the moment itself counts
    next = nextFireAt(expression, new Date(Math.max(next, at - catchUp - 1)))?.getTime() ?? null;
  }
  return { moments, next };
}
