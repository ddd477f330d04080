import { spansFromTraceRows, type TraceRow, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';

/** A row of `GET …/traces?run_external_id=`. */
export interface SpanRow extends TraceRow {
  resourceAttributes?: Record<string, string>;
  scopeName?: string;
  scopeVersion?: string;
  /** Its attributes, events and links were too large for the page that it came with. */
  truncated?: true;
  /** Which one of the trace's rows it is, where it came with a page of them. */
  offset?: number;
}

/** What is loaded of a trace: spans as the waterfall needs them, and what the server said of each. */
export interface TraceSpans {
  spans: readonly WaterfallSpan[];
  rowOf: ReadonlyMap<WaterfallSpan, SpanRow>;
}

/** More are not shown. */
export const MOST_SPANS = 10_000;

export const NO_SPANS: TraceSpans = { spans: [], rowOf: new Map() };

/** With rows that have come; one that is known is replaced. The same object when nothing changed. */
export function withRows(known: TraceSpans, rows: readonly SpanRow[]): TraceSpans {
  const byId = new Map(known.spans.map((span) => [idOf(span), span]));
  const rowOf = new Map(known.rowOf);
  let changed = false;
  spansFromTraceRows(rows).forEach((span, i) => {
    const before = byId.get(idOf(span));
    if (!before && byId.size >= MOST_SPANS) return;
    if (before && !(rowOf.get(before)?.truncated && !rows[i]!.truncated)) return; // delivered twice
    changed = true;
    byId.set(idOf(span), span);
    rowOf.set(span, rows[i]!);
    if (before) rowOf.delete(before);
  });
  return changed ? { spans: [...byId.values()], rowOf } : known;
}

function idOf({ traceId, spanId, serviceName, name }: WaterfallSpan): string {
  return [traceId, spanId, serviceName, name].join('\u0000'); // two services may have chosen one id
}
