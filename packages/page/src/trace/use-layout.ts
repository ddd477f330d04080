import { layoutWaterfall, type TraceLayout, visibleRows } from '@hatchet-ts/waterfall/browser';
import { useMemo } from 'preact/hooks';
import type { TraceView } from '../route/address.ts';
import type { TraceSpans } from './trace-spans.ts';

export interface ShownLayout {
  /** One per trace that the spans belong to. */
  layouts: TraceLayout[];
  /** The one that is shown: with the row that is selected, or else the largest. */
  layout?: TraceLayout;
  /** Indexes of its rows in sight. */
  visible: number[];
  /** Index of the selected row; -1 for none. */
  selected: number;
}

/** @param now milliseconds since 1970, for a trace that still grows */
export function useLayout({ spans }: TraceSpans, { selected, folds, engine }: TraceView, now?: number): ShownLayout {
  const layouts = useMemo(
    () =>
      layoutWaterfall(spans, {
        nested: engine ? 'shown' : 'folded',
        ...(now !== undefined && { nowUnixNano: BigInt(now) * 1_000_000n }),
      }),
    [spans, engine, now],
  );
  const chosen = useMemo(() => {
    const place = selected === undefined ? undefined : placeOf(layouts, selected);
    const largest = layouts.toSorted((a, b) => b.spanCount - a.spanCount)[0];
    return { layout: place?.layout ?? largest, selected: place?.index ?? -1 };
  }, [layouts, selected]);
  const visible = useMemo(() => (chosen.layout ? visibleRows(chosen.layout.rows, folds) : []), [chosen.layout, folds]);
  return { layouts, ...chosen, visible };
}

/** Where a key is: a row of its own, or folded into one (a link can lead to a span that has no row). */
function placeOf(layouts: readonly TraceLayout[], key: string): { layout: TraceLayout; index: number } | undefined {
  for (const layout of layouts) {
    const own = layout.rows.findIndex((row) => row.key === key);
    if (own >= 0) return { layout, index: own };
  }
  for (const layout of layouts) {
    const host = layout.rows.findIndex((row) => row.unseen.some((span) => span.spanId === key));
    if (host >= 0) return { layout, index: host };
  }
  return undefined;
}
