import { layoutWaterfall, type TraceLayout, visibleRows } from '@hatchet-ts/waterfall/browser';
import { useMemo } from 'preact/hooks';
import type { TraceSpans } from '../net/trace-spans.ts';
import type { TraceView } from '../route/address.ts';

export interface ShownLayout {
  /** One layout per trace. */
  layouts: TraceLayout[];
  /** Shown layout: the one with the selected row, or else the largest. */
  layout?: TraceLayout;
  /** Indexes of its visible rows. */
  visible: number[];
  /** Index of the selected row; -1 for none. */
  selected: number;
}

/**
 * Lays out the spans, and finds the shown trace and the selected row.
 *
 * @param now milliseconds since 1970, if the trace still grows
 */
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

/** Finds the row of a key, or the row that it is folded into: a link can lead to a span without a row. */
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
