import { type LayoutOptions, layoutWaterfall, type TraceLayout } from '../layout/trace-layout.ts';
import { statusText } from '../read/hatchet-spans.ts';
import type { WaterfallSpan } from '../read/span.ts';
import { renderBarChart } from './bar-chart.ts';
import { printable } from './printable-text.ts';
import { linkNamer, rowDetails, rowLabel, TreeLines } from './row-text.ts';

export interface WaterfallOptions extends LayoutOptions {
  /** Maximum width of a line in cells, at least 20; ignored with `mask`. @default 120 */
  width?: number;
  /** Adds ANSI colors. @default false */
  color?: boolean;
  /** Leaves out ids, times, durations and bars, so that the text is the same for every run. @default false */
  mask?: boolean;
}

/**
 * Renders spans as a waterfall of text. Accepts any set of spans: several traces, several roots, missing parents, cycles
 * and duplicates are shown as such. No span can send a control sequence to the terminal.
 */
export function renderWaterfall(spans: readonly WaterfallSpan[], options: WaterfallOptions = {}): string {
  const { width = 120, color = false, mask = false, full = false } = options;
  const layouts = layoutWaterfall(spans, options);
  if (mask) return renderMasked(layouts, full);
  return renderBarChart(layouts, { width: Math.max(20, Math.floor(width)), color, full });
}

/** Renders only what is equal in every run: no ids, times, durations or bars. */
function renderMasked(layouts: readonly TraceLayout[], full: boolean): string {
  const linkName = linkNamer(layouts, { mask: true, full });
  return layouts
    .map((layout) => {
      const lines = layouts.length > 1 ? ['trace'] : [];
      const tree = new TreeLines(layout, Number.POSITIVE_INFINITY);
      for (const row of layout.rows) {
        const { first, below } = tree.next(row);
        const span = row.spans[0];
        const facts = span
          ? [printable(span.serviceName), span.kind === 'INTERNAL' ? '' : span.kind, printable(statusText(span))]
          : [];
        lines.push(first + [rowLabel(row, true), ...facts.filter(Boolean)].join(' · '));
        for (const detail of rowDetails(row, linkName).sort()) lines.push(below + detail);
      }
      return lines.join('\n');
    })
    .join('\n\n');
}
