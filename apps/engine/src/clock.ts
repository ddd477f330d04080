import type { EpochMs } from '@hatchet-ts/storage/runs';

/** How far the two clocks may be apart before the precise one is set again: `Date` only counts whole milliseconds. */
const TOLERANCE_MS = 2;

let origin = performance.timeOrigin;

/** The time in milliseconds since the epoch, with a fraction: a task's times are spans of a few milliseconds. */
export function now(): EpochMs {
  const wall = Date.now();
  const precise = origin + performance.now();
  if (Math.abs(precise - wall) <= TOLERANCE_MS) return precise;
  // The system's clock was set, or has drifted away from the monotonic one.
  origin += wall - precise;
  return wall;
}
