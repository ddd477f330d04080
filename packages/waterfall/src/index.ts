export { type LayoutOptions, layoutWaterfall, type TraceLayout, type WaterfallRow } from './layout.ts';
export type { SiblingOrder } from './order.ts';
export { spansFromOtlpJson } from './otlp-json.ts';
export type {
  AttributeValue,
  SpanAttributes,
  SpanKindName,
  SpanStatusName,
  WaterfallEvent,
  WaterfallLink,
  WaterfallSpan,
} from './span.ts';
export { spansFromTraceRows, type TraceRow } from './trace-rows.ts';
export { type MissingParent, missingParents } from './tree.ts';
export { renderWaterfall, type WaterfallOptions } from './waterfall.ts';
