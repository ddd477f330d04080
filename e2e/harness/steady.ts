import type { WaterfallSpan } from '@hatchet-ts/waterfall';

/** What is there once or more often, depending on how fast things go: polls of the SDK, and answers on their way. */
const AS_OFTEN_AS_IT_TAKES = new Set([
  'Dispatcher/SubscribeToWorkflowRuns',
  'v1.AdminService/GetRunDetails', // the Python SDK asks every second for a result
  'hatchet.run/send-durable-answer',
]);

/** The trace with the first of each sibling that comes as often as it takes, and without what is below the others. */
export function steady(spans: readonly WaterfallSpan[]): WaterfallSpan[] {
  const seen = new Set<string>();
  const left = new Set<string>();
  for (const { name, parentSpanId, spanId } of spans) {
    if (parentSpanId && left.has(parentSpanId)) left.add(spanId);
    if (!AS_OFTEN_AS_IT_TAKES.has(name)) continue;
    const which = `${parentSpanId} ${name}`;
    if (seen.has(which)) left.add(spanId);
    seen.add(which);
  }
  return spans.filter(({ spanId, parentSpanId }) => !left.has(spanId) && !left.has(parentSpanId ?? ''));
}
