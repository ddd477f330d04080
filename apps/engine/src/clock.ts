import type { EpochMs } from '@hatchet-ts/storage/runs';

/** Difference of the two clocks at which the precise one is reset: `Date` counts only whole milliseconds. */
const TOLERANCE_MS = 2;

let origin = performance.timeOrigin;

/** Time in milliseconds since the epoch, with a fraction: spans of tasks may be a few milliseconds long. */
export function now(): EpochMs {
  const wall = Date.now();
  const precise = origin + performance.now();
  if (Math.abs(precise - wall) <= TOLERANCE_MS) return precise;
  // The system's clock was set, or drifted from the monotonic one.
  origin += wall - precise;
  return wall;
}
