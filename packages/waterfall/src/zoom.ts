import type { Bar } from './time-scale.ts';

/** The part of a trace's time that is in sight, as fractions of it. */
export type Zoom = Bar;

export const WHOLE: Zoom = { from: 0, to: 1 };

/** No narrower than a millionth of the trace. */
const NARROWEST = 1e-6;

/** Where a bar is drawn: fractions of the zoom's width, cut at its edges; undefined when it is out of sight. */
export function barIn({ from, to }: Bar, zoom: Zoom): Bar | undefined {
  if (to < zoom.from || from > zoom.to) return undefined;
  const place = (at: number): number => Math.min(1, Math.max(0, (at - zoom.from) / (zoom.to - zoom.from)));
  return { from: place(from), to: place(to) };
}

/** Between two fractions, in either order; a click without a drag is no zoom. */
export function zoomBetween(a: number, b: number): Zoom {
  const [from, to] = a < b ? [a, b] : [b, a];
  return to - from < NARROWEST ? WHOLE : within({ from, to });
}

/** Nearer (`factor` above 1) or farther, so that the time at `center`, a fraction of the trace, stays in its place. */
export function zoomBy(zoom: Zoom, factor: number, center: number = (zoom.from + zoom.to) / 2): Zoom {
  const width = Math.min(1, Math.max(NARROWEST, (zoom.to - zoom.from) / factor));
  const share = (center - zoom.from) / (zoom.to - zoom.from);
  return within({ from: center - share * width, to: center + (1 - share) * width });
}

/** Earlier or later by a share of what is in sight. */
export function panBy(zoom: Zoom, share: number): Zoom {
  const by = share * (zoom.to - zoom.from);
  return within({ from: zoom.from + by, to: zoom.to + by });
}

/** To a bar, with some room around it. */
export function zoomTo({ from, to }: Bar): Zoom {
  const room = Math.max((to - from) * 0.1, NARROWEST);
  return within({ from: from - room, to: to + room });
}

export function isWhole({ from, to }: Zoom): boolean {
  return from <= 0 && to >= 1;
}

/** Moved into the trace; wider than the trace is the whole. */
function within({ from, to }: Zoom): Zoom {
  const width = to - from;
  if (width >= 1) return WHOLE;
  const start = Math.min(1 - width, Math.max(0, from));
  return { from: start, to: start + width };
}
