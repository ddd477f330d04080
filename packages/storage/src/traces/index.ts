export { type RunTrace, type TraceRow, traceOfRun } from './run-trace.ts';
export type { SpanOwner } from './span-owner.ts';
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
