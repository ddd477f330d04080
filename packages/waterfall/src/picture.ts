import { statusText } from './label.ts';
import type { TraceLayout } from './layout.ts';
import { linkNames, rowDetails, rowLabel, TreeLines } from './line.ts';
import { printable } from './terminal-text.ts';

/** The waterfall without anything that differs from run to run: no ids, times, durations or bars. */
export function renderPicture(layouts: readonly TraceLayout[], full: boolean): string {
  const linkName = linkNames(layouts, { mask: true, full });
  return layouts
    .map((layout) => {
      const lines = layouts.length > 1 ? ['trace'] : [];
      const tree = new TreeLines(Number.POSITIVE_INFINITY);
      const several = layout.rows.filter((row) => row.depth === 0).length > 1;
      layout.rows.forEach((row, i) => {
        const { first, below } = tree.next(row, (layout.rows[i + 1]?.depth ?? 0) > row.depth, several);
        const span = row.spans[0];
        const facts = span
          ? [printable(span.serviceName), span.kind === 'INTERNAL' ? '' : span.kind, printable(statusText(span))]
          : [];
        lines.push(first + [rowLabel(row, true), ...facts.filter(Boolean)].join(' · '));
        for (const detail of rowDetails(row, linkName).sort()) lines.push(below + detail);
      });
      return lines.join('\n');
    })
    .join('\n\n');
}
