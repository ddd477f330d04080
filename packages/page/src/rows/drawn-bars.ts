import { type Bar, barIn, isWaiting, pauses, type WaterfallRow, type Zoom } from '@hatchet-ts/waterfall/browser';

interface DrawnBar extends Bar {
  kind: 'working' | 'waiting' | 'pause' | 'running';
  error: boolean;
}

/** Gap below which bars are merged, as a fraction of the width: it would not be visible. */
const SMALLEST_GAP = 1 / 4000;

/** Bars of a row in a zoom, as fractions of its width, from back to front. */
export function drawnBars(row: WaterfallRow, zoom: Zoom): DrawnBar[] {
  const bars: DrawnBar[] = [
    ...(row.group === 'attempts' ? pauses(row) : []).map((bar) => ({ ...bar, kind: 'pause' as const, error: false })),
    ...row.waits.map((bar) => ({ ...bar, kind: 'waiting' as const, error: false })),
    ...row.bars.map((bar, i) => {
      const span = row.spans[i];
      const kind = !span ? ('running' as const) : isWaiting(span) ? ('waiting' as const) : ('working' as const);
      return { ...bar, kind, error: span?.status === 'ERROR' };
    }),
  ];
  const visible = bars.flatMap((bar) => {
    const place = barIn(bar, zoom);
    return place ? [{ ...bar, ...place }] : [];
  });
  return visible.length > 50 ? mergeBars(visible) : visible;
}

function mergeBars(bars: readonly DrawnBar[]): DrawnBar[] {
  const drawn: DrawnBar[] = [];
  for (const bar of bars.toSorted((a, b) => a.from - b.from)) {
    const last = drawn.at(-1);
    if (last && last.kind === bar.kind && last.error === bar.error && bar.from - last.to < SMALLEST_GAP) {
      last.to = Math.max(last.to, bar.to);
    } else drawn.push({ ...bar });
  }
  return drawn;
}
