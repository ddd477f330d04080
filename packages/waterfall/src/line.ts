import { spanLabel } from './label.ts';
import type { TraceLayout, WaterfallRow } from './layout.ts';
import type { WaterfallLink, WaterfallSpan } from './span.ts';
import { printable } from './terminal-text.ts';

/** What the row is called: `pg.query:INSERT hatchet ×5`, `(missing parent 00f067aa0ba902b7)`. */
export function rowLabel(row: WaterfallRow, mask: boolean): string {
  const span = row.spans[0];
  if (row.missing !== undefined || !span)
    return mask ? '(missing parent)' : `(missing parent ${printable(row.missing ?? '')})`;
  const count = row.spans.length > 1 ? `×${row.spans.length}` : '';
  const note = row.note ? `(${row.note})` : '';
  return [printable(spanLabel(span)) || '(no name)', count, note].filter(Boolean).join(' ');
}

/** What stands below a row's line: the error's message and the links. */
export function rowDetails(row: WaterfallRow, linkName: LinkName): string[] {
  const span = row.spans[0];
  if (!span || row.spans.length > 1) return [];
  const message = span.status === 'ERROR' ? printable(span.statusMessage ?? '') : '';
  const links = span.links.flatMap((link) => linkName(link, span) ?? []);
  return [...(message ? [`! ${message}`] : []), ...links.map((name) => `↗ link to ${name}`)];
}

/** Says what a link points at; undefined where that need not be said. */
export type LinkName = (link: WaterfallLink, from: WaterfallSpan) => string | undefined;

/**
 * Names the linked span where it is among the layouts' spans, and says where it is otherwise. A link to a span's own
 * parent, as a task has one to what created its run, is only named in a `full` picture: the tree shows it.
 */
export function linkNames(layouts: readonly TraceLayout[], { mask, full }: { mask: boolean; full: boolean }): LinkName {
  const spans = layouts.flatMap(({ rows }) => rows.flatMap((row) => [...row.spans, ...row.unseen]));
  const byId = new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span]));
  return (link, from) => {
    if (!full && link.spanId === from.parentSpanId && link.traceId === from.traceId) return undefined;
    const target = byId.get(`${link.traceId}/${link.spanId}`);
    const elsewhere =
      link.traceId === from.traceId ? '' : mask ? ' of another trace' : ` of trace ${printable(link.traceId)}`;
    if (target) return `${printable(spanLabel(target))}${elsewhere}`;
    return mask ? `a span${elsewhere} that is not here` : `span ${printable(link.spanId)}${elsewhere}`;
  };
}

/** Draws the tree's lines. Rows must come in the layout's order, as a row's lines depend on its ancestors. */
export class TreeLines {
  readonly #open: boolean[] = [];
  readonly #room: number;

  /** @param room cells that the lines may take; deeper rows show their depth as a number */
  constructor(room: number) {
    this.#room = room;
  }

  /** What stands before the row's label, and before its details. */
  next(row: WaterfallRow, hasChildren: boolean, several: boolean): { first: string; below: string } {
    const { depth, last } = row;
    this.#open.length = depth;
    if (depth * 3 > this.#room) {
      this.#open[depth] = !last;
      const short = `…${depth}╴`;
      return { first: short, below: ' '.repeat(short.length) };
    }
    if (depth === 0) {
      this.#open[0] = false; // roots stand side by side, not below one another
      return { first: several ? '● ' : '', below: hasChildren ? '│  ' : '   ' };
    }
    const above = this.#open.slice(1, depth).map(stem).join('');
    this.#open[depth] = !last;
    return { first: `${above}${last ? '└─ ' : '├─ '}`, below: above + stem(!last) + (hasChildren ? '│  ' : '   ') };
  }
}

const stem = (open: boolean): string => (open ? '│  ' : '   ');
