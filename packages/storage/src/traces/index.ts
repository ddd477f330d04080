export { countSpans, MAX_COUNTED_SPANS, runsWithArrivals, type SpanCounts } from './span-counts.ts';
export { ownerId, type SpanOwner } from './span-owner.ts';
export { MAX_SPANS_PER_TRACE, type SpanPage } from './span-page.ts';
export type {
  Attributes,
  AttributeValue,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanRecord,
  SpanStatusCode,
} from './span-record.ts';
export type { StoredSpan } from './span-row.ts';
export {
  type ArrivedSpans,
  allSpans,
  arrivedSpans,
  currentCursor,
  SPAN_CURSOR,
  type SpanCursor,
} from './span-stream.ts';
export { storeSpans } from './store-spans.ts';
export {
  listRunTraces,
  listTracedRuns,
  NO_SPANS,
  type RunTrace,
  type RunTraceSummary,
  type TraceListFilter,
} from './trace-list.ts';
export { selectedSpans, selectedTraces, type TraceSelection } from './trace-spans.ts';
