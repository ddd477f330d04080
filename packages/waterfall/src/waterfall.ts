import { renderChart } from './chart.ts';
import { type LayoutOptions, layoutWaterfall } from './layout.ts';
import { renderPicture } from './picture.ts';
import type { WaterfallSpan } from './span.ts';

export interface WaterfallOptions extends LayoutOptions {
  /** Cells a line may take, at least 20; a masked picture is never cut. @default 120 */
  width?: number;
  /** ANSI colours. @default false */
  color?: boolean;
  /** Leave out ids, times, durations and bars, so that the text is the same for every run. @default false */
  mask?: boolean;
}

/**
 * Spans in, a waterfall as text out. Any set of spans will do: several traces, several roots, missing parents, cycles
 * and duplicates are shown as what they are. Nothing in a span can reach the terminal as a control sequence.
 */
export function renderWaterfall(spans: readonly WaterfallSpan[], options: WaterfallOptions = {}): string {
  const { width = 120, color = false, mask = false, full = false } = options;
  const layouts = layoutWaterfall(spans, options);
  if (mask) return renderPicture(layouts, full);
  return renderChart(layouts, { width: Math.max(20, Math.floor(width)), color, full });
}
