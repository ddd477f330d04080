import type { Zoom } from './zoom.ts';

export interface Tick {
  /** Fraction of the zoom's width. */
  at: number;
  /** Nanoseconds since the trace began. */
  nanoseconds: number;
}

/** At round times: at most `most` ticks in sight, in steps that people count in. */
export function ticks(durationNanoseconds: number, zoom: Zoom, most: number): Tick[] {
  const first = zoom.from * durationNanoseconds;
  const span = (zoom.to - zoom.from) * durationNanoseconds;
  if (!(span > 0) || most < 1) return [{ at: 0, nanoseconds: first }];
  const step = stepFor(span / most);
  const found: Tick[] = [];
  for (let n = Math.ceil(first / step); n * step <= first + span; n++) {
    found.push({ at: (n * step - first) / span, nanoseconds: n * step });
  }
  return found;
}

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Above a second, people do not count in tens. */
const CLOCK = [1, 2, 5, 10, 15, 30]
  .flatMap((n) => [n * SECOND, n * MINUTE])
  .concat([HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR]);

function stepFor(least: number): number {
  if (least > SECOND && least <= 12 * HOUR) return Math.min(...CLOCK.filter((step) => step >= least));
  const unit = least > 12 * HOUR ? 24 * HOUR : 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((n) => n * unit >= least);
  return step ? step * unit : Math.ceil(least / unit) * unit;
}
