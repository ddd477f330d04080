import type { Bar, PathSegment, TraceLayout, WaterfallSpan } from '@hatchet-ts/waterfall/browser';

export interface PathBar extends Bar {
  kind: PathSegment['kind'];
}

/** Places the critical path on the visible rows; a closed row has the parts of its descendants. */
export function pathBars(
  layout: TraceLayout,
  visible: readonly number[],
  path: readonly PathSegment[],
): Map<number, PathBar[]> {
  const rowOfSpan = new Map<WaterfallSpan, number>();
  layout.rows.forEach((row, index) => {
    if (row.group && row.below > 0) return;
    for (const span of [...row.spans, ...row.unseen]) rowOfSpan.set(span, index);
  });
  const seen = new Set(visible);
  const duration = Number(layout.endTimeUnixNano - layout.startTimeUnixNano) || 1;
  const fraction = (time: bigint): number => Number(time - layout.startTimeUnixNano) / duration;
  const bars = new Map<number, PathBar[]>();
  for (const { span, kind, from, to } of path) {
    let index = span ? (rowOfSpan.get(span) ?? -1) : -1;
    while (index >= 0 && !seen.has(index)) index = layout.rows[index]!.parent;
    if (index < 0) continue;
    const bar = { kind, from: fraction(from), to: fraction(to) };
    for (const on of [index, ...tasksAbove(layout, index)]) {
      const known = bars.get(on);
      if (known) known.push(bar);
      else bars.set(on, [bar]);
    }
  }
  return bars;
}

/** Tasks with several attempts among the ancestors: they show the path of their attempts. */
function tasksAbove({ rows }: TraceLayout, index: number): number[] {
  const tasks: number[] = [];
  for (let above = rows[index]!.parent; above >= 0; above = rows[above]!.parent) {
    if (rows[above]!.group === 'attempts') tasks.push(above);
  }
  return tasks;
}

/** Nanoseconds that the path was working, waiting, or between steps. */
export function pathTotals(path: readonly PathSegment[]): Record<PathSegment['kind'], bigint> {
  const totals = { working: 0n, waiting: 0n, between: 0n };
  for (const { kind, from, to } of path) totals[kind] += to - from;
  return totals;
}
