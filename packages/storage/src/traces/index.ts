export { traceById, traceOfRun } from './trace-spans.ts';
export { ownerId, type SpanOwner } from './span-owner.ts';
export { MOST_SPANS, type StoredSpan } from './span-page.ts';
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
export { listRunTraces, MOST_COUNTED, type RunTraceSummary, type TraceListFilter } from './trace-list.ts';
