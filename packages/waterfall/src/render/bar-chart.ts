import { styleText } from 'node:util';
import { durationText } from '../layout/timeline.ts';
import type { TraceLayout, WaterfallRow } from '../layout/trace-layout.ts';
import { statusText } from '../read/hatchet-spans.ts';
import { cells, cut, fit, printable } from './printable-text.ts';
import { linkNamer, rowDetails, rowLabel, TreeLines } from './row-text.ts';

interface ChartOptions {
  width: number;
  color: boolean;
  full: boolean;
}

/** Renders traces in aligned columns, with a bar per span on the scale of its trace. */
export function renderBarChart(layouts: readonly TraceLayout[], { width, color, full }: ChartOptions): string {
  const linkName = linkNamer(layouts, { mask: false, full });
  const paint = color ? paintColor : paintNothing;
  return layouts
    .map((layout) => {
      const columns = columnsOf(width, layout);
      const tree = new TreeLines(layout, columns.label / 2);
      const lines = [paint('bold', cut(headline(layout), width))];
      for (const row of layout.rows) {
        const { first, below } = tree.next(row);
        const stem = cut(first, columns.label);
        const name = fit(rowLabel(row, false), columns.label - cells(stem));
        const style = isError(row) ? 'red' : row.spans.length === 1 ? 'none' : 'dim';
        const facts = rowFacts(row, layout, columns).map(([text, factStyle]) => ` ${paint(factStyle, text)}`);
        const line = paint('dim', stem) + paint(style, name) + facts.join('');
        lines.push(color ? line : line.trimEnd());
        for (const detail of rowDetails(row, linkName)) {
          const indent = cut(below, columns.label);
          const text = cut(detail, width - cells(indent));
          lines.push(paint('dim', indent) + paint(detail.startsWith('!') ? 'red' : 'dim', text));
        }
      }
      return lines.join('\n');
    })
    .join('\n\n');
}

type Style = 'none' | 'bold' | 'dim' | 'red' | 'cyan' | 'blue' | 'magenta' | 'yellow' | 'green';
type Paint = (style: Style, text: string) => string;

const SERVICE_STYLES: Style[] = ['blue', 'magenta', 'yellow', 'green', 'cyan']; // red is reserved for errors

const paintNothing: Paint = (_, text) => text;

/** Colors unconditionally: the caller decides, and not the terminal of this process. */
const paintColor: Paint = (style, text) =>
  style === 'none' || text === '' ? text : styleText(style, text, { validateStream: false });

type Columns = Record<'label' | 'service' | 'kind' | 'duration' | 'bar' | 'status', number>;

/** Widths of the columns. Narrow terminals lose the least important first; the label gets the remaining width. */
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

/** Columns of a row after its label, each with its style. */
function rowFacts(row: WaterfallRow, layout: TraceLayout, columns: Columns): [text: string, style: Style][] {
  const [span] = row.spans;
  if (!span) return [];
  const total = row.spans.reduce((sum, { startTimeUnixNano, endTimeUnixNano }) => {
    return endTimeUnixNano > startTimeUnixNano ? sum + endTimeUnixNano - startTimeUnixNano : sum;
  }, 0n);
  const status = [statusText(span), row.spans.length > 1 && row.unseen.length > 0 ? `+${row.unseen.length} below` : ''];
  const serviceStyle = SERVICE_STYLES[layout.services.indexOf(span.serviceName) % SERVICE_STYLES.length]!;
  const failed = isError(row);
  const facts: [width: number, text: string, style: Style][] = [
    [columns.service, fit(printable(span.serviceName), columns.service), serviceStyle],
    [columns.kind, fit(span.kind === 'INTERNAL' ? '' : span.kind.toLowerCase(), columns.kind), 'dim'],
    [columns.duration, fit(durationText(total), columns.duration, 'right'), 'none'],
    [columns.bar, barText(row.bars, columns.bar), failed ? 'red' : 'cyan'],
    [columns.status, fit(printable(status.join(' ')), columns.status), failed ? 'red' : 'none'],
  ];
  return facts.filter(([width]) => width > 0).map(([, text, style]) => [text, style]);
}

/** Draws a full block for each cell that a bar covers, and a thin one for a bar shorter than a cell. */
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
