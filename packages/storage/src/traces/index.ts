export { ownerId, type SpanOwner } from './span-owner.ts';
export { MAX_SPANS_PER_TRACE, type StoredSpan } from './span-page.ts';
export type {
  Attributes,
  AttributeValue,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanRecord,
  SpanStatusCode,
} from './span-record.ts';
export { storeSpans } from './store-spans.ts';
export { listRunTraces, type RunTraceSummary, type TraceListFilter } from './trace-list.ts';
export { traceById, traceOfRun } from './trace-spans.ts';
