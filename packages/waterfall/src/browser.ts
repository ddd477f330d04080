// The layout without the terminal's renderer: nothing here needs Node.
export { criticalPath, type PathSegment } from './critical-path.ts';
export { isEngineWork, isQueueTime, isWaiting, taskOf } from './engine-spans.ts';
export { errorRows, nextError } from './errors.ts';
export type { RowGroup } from './folded-siblings.ts';
export { ownTime, pauses, uncovered } from './gaps.ts';
export { attemptOf, retryOf, statusText, subjectOf } from './label.ts';
export { type LayoutOptions, layoutWaterfall, type TraceLayout, type WaterfallRow } from './layout.ts';
export type { SiblingOrder } from './order.ts';
export { SERVICE_SLOTS, type ServiceMark, serviceMarks } from './service-marks.ts';
export type {
  AttributeValue,
  SpanAttributes,
  SpanKindName,
  SpanStatusName,
  WaterfallEvent,
  WaterfallLink,
  WaterfallSpan,
} from './span.ts';
export { durationText } from './time.ts';
export { type Tick, ticks } from './time-axis.ts';
export type { Bar } from './time-scale.ts';
export { spansFromTraceRows, type TraceRow } from './trace-rows.ts';
export { type MissingParent, missingParents } from './tree.ts';
export { type Folds, foldLevel, isClosed, reveal, toggle, UNFOLDED, visibleRows } from './visible-rows.ts';
export { barIn, isWhole, panBy, WHOLE, type Zoom, zoomBetween, zoomBy, zoomTo } from './zoom.ts';
