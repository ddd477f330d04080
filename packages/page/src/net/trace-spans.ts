import { spansFromTraceRows, type TraceRow, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';

/** Row of `GET …/traces?run_external_id=`. */
export interface SpanRow extends TraceRow {
  resourceAttributes?: Record<string, string>;
  scopeName?: string;
  scopeVersion?: string;
  /** Set if the attributes, events and links were left out, as they were too large for the response. */
  truncated?: true;
  /** Index among the trace's rows, if the row was loaded with a page of them. */
  offset?: number;
}

/** Loaded part of a trace: spans for the waterfall, and the server's row of each. */
export interface TraceSpans {
  spans: readonly WaterfallSpan[];
  rowOf: ReadonlyMap<WaterfallSpan, SpanRow>;
}

/** Maximum number of spans that are shown. */
export const MOST_SPANS = 10_000;

export const NO_SPANS: TraceSpans = { spans: [], rowOf: new Map() };

/** Adds rows to a trace; a complete row replaces a truncated one. Returns the same object if nothing changed. */
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
  return [traceId, spanId, serviceName, name].join('\u0000'); // two services may have chosen the same id
}
