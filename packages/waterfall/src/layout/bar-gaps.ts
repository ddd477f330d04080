import type { Bar } from './timeline.ts';
import type { TraceLayout } from './trace-layout.ts';

/** Parts of a bar that no other bar covers, from left to right. */
export function uncovered(bar: Bar, others: readonly Bar[]): Bar[] {
  const gaps: Bar[] = [];
  let at = bar.from;
  for (const { from, to } of others.toSorted((a, b) => a.from - b.from)) {
    if (from >= bar.to) break;
    if (from > at) gaps.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  if (at < bar.to) gaps.push({ from: at, to: bar.to });
  return gaps;
}

/** Parts of a row's bar that neither a descendant nor a queue time covers: the span's own time. */
export function ownTime({ rows }: TraceLayout, index: number): Bar[] {
  const row = rows[index];
  if (!row || row.group) return [];
  const below = rows.slice(index + 1, index + 1 + row.below).flatMap(({ bars, waits }) => [...bars, ...waits]);
  return row.bars.flatMap((bar) => uncovered(bar, below));
}

/** Pauses between the attempts of a task, neither running nor queued: the back-off before a retry. */
export function pauses({ bars, waits }: Pick<TraceLayout['rows'][number], 'bars' | 'waits'>): Bar[] {
  const all = [...bars, ...waits];
  if (all.length < 2) return [];
  const from = Math.min(...all.map((bar) => bar.from));
  const to = Math.max(...all.map((bar) => bar.to));
  return uncovered({ from, to }, all);
}
