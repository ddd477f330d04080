// The layout without the terminal renderer, for browsers: nothing here needs Node.
export { ownTime, pauses, uncovered } from './layout/bar-gaps.ts';
export { criticalPath, type PathSegment } from './layout/critical-path.ts';
export {
  errorRows,
  type Folds,
  foldLevel,
  isClosed,
  nextError,
  reveal,
  slowestMember,
  toggle,
  UNFOLDED,
  visibleRows,
} from './layout/row-navigation.ts';
export { spansOfRun } from './layout/run-family.ts';
export { SERVICE_SLOTS, type ServiceMark, serviceMarks } from './layout/service-marks.ts';
export type { RowGroup } from './layout/sibling-groups.ts';
export type { SiblingOrder } from './layout/sibling-order.ts';
export { type MissingParent, missingParents } from './layout/span-tree.ts';
export { type Bar, durationText } from './layout/timeline.ts';
export { type LayoutOptions, layoutWaterfall, type TraceLayout, type WaterfallRow } from './layout/trace-layout.ts';
export {
  barIn,
  isWhole,
  panBy,
  type Tick,
  ticks,
  WHOLE,
  type Zoom,
  zoomBetween,
  zoomBy,
  zoomTo,
} from './layout/zoom.ts';
export {
  attemptOf,
  isEngineWork,
  isQueueTime,
  isWaiting,
  retryOf,
  statusText,
  subjectOf,
  taskOf,
} from './read/hatchet-spans.ts';
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
