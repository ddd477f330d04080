export type { SiblingOrder } from './layout/sibling-order.ts';
export { type MissingParent, missingParents } from './layout/span-tree.ts';
export { type LayoutOptions, layoutWaterfall, type TraceLayout, type WaterfallRow } from './layout/trace-layout.ts';
export { spansFromOtlpJson } from './read/otlp-json.ts';
export type {
  AttributeValue,
  SpanAttributes,
  SpanKindName,
  SpanStatusName,
  WaterfallEvent,
  WaterfallLink,
  WaterfallSpan,
} from './read/span.ts';
export { spansFromTraceRows, type TraceRow } from './read/trace-rows.ts';
export { renderWaterfall, type WaterfallOptions } from './render/render-waterfall.ts';
