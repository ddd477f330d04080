import type { Bar } from './timeline.ts';

/** Visible part of a trace's time, as fractions of it. */
export type Zoom = Bar;

export const WHOLE: Zoom = { from: 0, to: 1 };

/** Narrowest zoom, as a fraction of the trace. */
const NARROWEST = 1e-6;

/** Position of a bar as fractions of the zoom's width, cut at its edges; undefined if the bar is outside. */
export function barIn({ from, to }: Bar, zoom: Zoom): Bar | undefined {
  if (to < zoom.from || from > zoom.to) return undefined;
  const place = (at: number): number => Math.min(1, Math.max(0, (at - zoom.from) / (zoom.to - zoom.from)));
  return { from: place(from), to: place(to) };
}

/** Zooms to the part between two fractions, in either order; a click without a drag shows the whole trace. */
export function zoomBetween(a: number, b: number): Zoom {
  const [from, to] = a < b ? [a, b] : [b, a];
  return to - from < NARROWEST ? WHOLE : clampToTrace({ from, to });
}

/** Zooms in (`factor` above 1) or out; the time at `center`, a fraction of the trace, stays in place. */
export function zoomBy(zoom: Zoom, factor: number, center: number = (zoom.from + zoom.to) / 2): Zoom {
  const width = Math.min(1, Math.max(NARROWEST, (zoom.to - zoom.from) / factor));
  const share = (center - zoom.from) / (zoom.to - zoom.from);
  return clampToTrace({ from: center - share * width, to: center + (1 - share) * width });
}

/** Moves the zoom by a share of its width; negative is earlier. */
export function panBy(zoom: Zoom, share: number): Zoom {
  const by = share * (zoom.to - zoom.from);
  return clampToTrace({ from: zoom.from + by, to: zoom.to + by });
}

/** Zooms to a bar, with some room around it. */
export function zoomTo({ from, to }: Bar): Zoom {
  const room = Math.max((to - from) * 0.1, NARROWEST);
  return clampToTrace({ from: from - room, to: to + room });
}

export function isWhole({ from, to }: Zoom): boolean {
  return from <= 0 && to >= 1;
}

/** Moves a zoom into the trace; a zoom wider than the trace becomes the whole. */
function clampToTrace({ from, to }: Zoom): Zoom {
  const width = to - from;
  if (width >= 1) return WHOLE;
  const start = Math.min(1 - width, Math.max(0, from));
  return { from: start, to: start + width };
}

export interface Tick {
  /** Fraction of the zoom's width. */
  at: number;
  /** Nanoseconds since the trace began. */
  nanoseconds: number;
}

/** Places at most `most` ticks at round times. */
export function ticks(durationNanoseconds: number, zoom: Zoom, most: number): Tick[] {
  const first = zoom.from * durationNanoseconds;
  const span = (zoom.to - zoom.from) * durationNanoseconds;
  if (!(span > 0) || most < 1) return [{ at: 0, nanoseconds: first }];
  const step = stepFor(span / most);
  const placed: Tick[] = [];
  for (let n = Math.ceil(first / step); n * step <= first + span; n++) {
    placed.push({ at: (n * step - first) / span, nanoseconds: n * step });
  }
  return placed;
}

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Steps from a second to half a day, which are not decimal. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30]
  .flatMap((n) => [n * SECOND, n * MINUTE])
  .concat([HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR]);

function stepFor(least: number): number {
  if (least > SECOND && least <= 12 * HOUR) return Math.min(...CLOCK_STEPS.filter((step) => step >= least));
  const unit = least > 12 * HOUR ? 24 * HOUR : 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((n) => n * unit >= least);
  return step ? step * unit : Math.ceil(least / unit) * unit;
}
