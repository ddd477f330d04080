import type { TraceLayout, WaterfallRow } from '../layout/trace-layout.ts';
import { spanLabel } from '../read/hatchet-spans.ts';
import type { WaterfallLink, WaterfallSpan } from '../read/span.ts';
import { printable } from './printable-text.ts';

/** Label of a row: `pg.query:INSERT hatchet ×5`, `(missing parent 00f067aa0ba902b7)`. */
export function rowLabel(row: WaterfallRow, mask: boolean): string {
  const span = row.spans[0];
  if (row.missing !== undefined || !span)
    return mask ? '(missing parent)' : `(missing parent ${printable(row.missing ?? '')})`;
  const count = row.spans.length > 1 ? `×${row.spans.length}` : '';
  const note = row.note ? `(${row.note})` : '';
  return [printable(spanLabel(span)) || '(no name)', count, note].filter(Boolean).join(' ');
}

/** Lines below a row's own line: the error message and the links. */
export function rowDetails(row: WaterfallRow, linkName: LinkNamer): string[] {
  const span = row.spans[0];
  if (!span || row.spans.length > 1) return [];
  const message = span.status === 'ERROR' ? printable(span.statusMessage ?? '') : '';
  const links = span.links.flatMap((link) => linkName(link, span) ?? []);
  return [...(message ? [`! ${message}`] : []), ...links.map((name) => `↗ link to ${name}`)];
}

/** Names the target of a link; undefined for a link that needs no line. */
type LinkNamer = (link: WaterfallLink, from: WaterfallSpan) => string | undefined;

/**
 * Creates a namer for links. It uses the label of a target that is among the layouts' spans, and otherwise the target's id. A
 * link to the span's own parent, such as a task's link to the span that triggered its run, gets a line only in a `full`
 * picture: the tree shows it already.
 */
export function linkNamer(
  layouts: readonly TraceLayout[],
  { mask, full }: { mask: boolean; full: boolean },
): LinkNamer {
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

/** Draws the lines of the tree. Takes the rows in the layout's order, as the lines of a row depend on its ancestors. */
export class TreeLines {
  readonly #open: boolean[] = [];
  readonly #severalRoots: boolean;
  readonly #width: number;

  /** @param width cells that the lines may take; deeper rows show their depth as a number */
  constructor(layout: TraceLayout, width: number) {
    this.#severalRoots = layout.rows.filter((row) => row.depth === 0).length > 1;
    this.#width = width;
  }

  /** Returns the text before the row's label (`first`) and before its details (`below`). */
  next({ depth, last, below: descendants }: WaterfallRow): { first: string; below: string } {
    this.#open.length = depth;
    if (depth * 3 > this.#width) {
      this.#open[depth] = !last;
      const short = `…${depth}╴`;
      return { first: short, below: ' '.repeat(short.length) };
    }
    const ownStem = stem(descendants > 0);
    if (depth === 0) {
      this.#open[0] = false; // roots are drawn side by side, not below each other
      return { first: this.#severalRoots ? '● ' : '', below: ownStem };
    }
    const above = this.#open.slice(1, depth).map(stem).join('');
    this.#open[depth] = !last;
    return { first: `${above}${last ? '└─ ' : '├─ '}`, below: above + stem(!last) + ownStem };
  }
}

const stem = (open: boolean): string => (open ? '│  ' : '   ');
