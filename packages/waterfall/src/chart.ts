import { statusText } from './label.ts';
import type { TraceLayout, WaterfallRow } from './layout.ts';
import { linkNames, rowDetails, rowLabel, TreeLines } from './line.ts';
import { paint } from './paint.ts';
import { cells, cut, fit, printable } from './terminal-text.ts';
import { durationText } from './time.ts';

export interface ChartOptions {
  width: number;
  color: boolean;
  full: boolean;
}

/** The waterfall for people: aligned columns and a bar per span, scaled to the trace's time. */
export function renderChart(layouts: readonly TraceLayout[], { width, color, full }: ChartOptions): string {
  const linkName = linkNames(layouts, { mask: false, full });
  const ink = paint(color);
  return layouts
    .map((layout) => {
      const columns = columnsOf(width, layout);
      const tree = new TreeLines(columns.label / 2);
      const several = layout.rows.filter((row) => row.depth === 0).length > 1;
      const lines = [ink.strong(cut(headline(layout), width))];
      layout.rows.forEach((row, i) => {
        const { first, below } = tree.next(row, (layout.rows[i + 1]?.depth ?? 0) > row.depth, several);
        const stem = cut(first, columns.label);
        const name = fit(rowLabel(row, false), columns.label - cells(stem));
        const style = isError(row) ? ink.error : row.spans.length === 1 ? ink.plain : ink.faint;
        const line =
          ink.faint(stem) +
          style(name) +
          facts(row, layout, columns)
            .map((fact) => ` ${fact(ink)}`)
            .join('');
        lines.push(color ? line : line.trimEnd());
        for (const detail of rowDetails(row, linkName)) {
          const room = cut(below, columns.label);
          const text = cut(detail, width - cells(room));
          lines.push(ink.faint(room) + (detail.startsWith('!') ? ink.error(text) : ink.faint(text)));
        }
      });
      return lines.join('\n');
    })
    .join('\n\n');
}

type Ink = ReturnType<typeof paint>;
type Columns = Record<'label' | 'service' | 'kind' | 'duration' | 'bar' | 'status', number>;

/** Narrow terminals lose columns, least telling first; the label gets what the others leave. */
function columnsOf(width: number, layout: TraceLayout): Columns {
  const service = Math.min(18, Math.max(...layout.services.map((name) => cells(printable(name)))));
  const others = {
    service: width >= 56 ? service : 0,
    kind: width >= 100 ? 8 : 0,
    duration: width >= 36 ? 9 : 0,
    bar: width >= 72 ? Math.max(10, Math.floor(width / 6)) : 0,
    status: width >= 48 ? (width >= 100 ? 15 : 9) : 0,
  };
  const taken = Object.values(others).reduce((sum, cell) => sum + (cell && cell + 1), 0);
  return { label: Math.max(1, width - taken), ...others };
}

function facts(row: WaterfallRow, layout: TraceLayout, columns: Columns): ((ink: Ink) => string)[] {
  const [span] = row.spans;
  if (!span) return [];
  const total = row.spans.reduce((sum, { startTimeUnixNano, endTimeUnixNano }) => {
    return endTimeUnixNano > startTimeUnixNano ? sum + endTimeUnixNano - startTimeUnixNano : sum;
  }, 0n);
  const status = [statusText(span), row.spans.length > 1 && row.unseen.length > 0 ? `+${row.unseen.length} below` : ''];
  const all: [number, (ink: Ink) => string][] = [
    [
      columns.service,
      (ink) =>
        ink.service(fit(printable(span.serviceName), columns.service), layout.services.indexOf(span.serviceName)),
    ],
    [columns.kind, (ink) => ink.faint(fit(span.kind === 'INTERNAL' ? '' : span.kind.toLowerCase(), columns.kind))],
    [columns.duration, () => fit(durationText(total), columns.duration, 'right')],
    [columns.bar, (ink) => (isError(row) ? ink.error : ink.bar)(barText(row.bars, columns.bar))],
    [columns.status, (ink) => (isError(row) ? ink.error : ink.plain)(fit(printable(status.join(' ')), columns.status))],
  ];
  return all.filter(([room]) => room > 0).map(([, draw]) => draw);
}

/** A full block per cell that a bar covers, a thin one where it is shorter than a cell. */
function barText(bars: WaterfallRow['bars'], width: number): string {
  const drawn = new Array<string>(width).fill(' ');
  for (const { from, to } of bars) {
    const first = Math.min(width - 1, Math.floor(from * width));
    const end = Math.min(width, Math.round(to * width));
    if (end <= first && drawn[first] === ' ') drawn[first] = '▏';
    for (let cell = first; cell < end; cell++) drawn[cell] = '█';
  }
  return drawn.join('');
}

function headline({ traceId, spanCount, services, startTimeUnixNano, endTimeUnixNano }: TraceLayout): string {
  const spans = spanCount === 1 ? '1 span' : `${spanCount} spans`;
  const facts = [`trace ${printable(traceId)}`, spans, services.map(printable).join(', ')];
  return [...facts, durationText(endTimeUnixNano - startTimeUnixNano)].join(' · ');
}

const isError = (row: WaterfallRow): boolean => row.spans[0]?.status === 'ERROR';
