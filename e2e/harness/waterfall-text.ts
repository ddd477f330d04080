import { renderWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall';

/**
 * Renders spans as the text that tests compare: whole trees with status, outcome and links, in an order that does not
 * depend on timing, without ids, times and other values that differ between two runs.
 */
export function waterfallText(spans: readonly WaterfallSpan[]): string {
  return renderWaterfall(spans.map(withoutDatabaseName), { order: 'canonical', mask: true, full: true });
}

/** Each suite's database has its own name, which is part of the name of a query's span. */
function withoutDatabaseName(span: WaterfallSpan): WaterfallSpan {
  const database = span.attributes['db.namespace'];
  return typeof database === 'string' ? { ...span, name: span.name.replace(` ${database}`, '') } : span;
}

/** Spans whose number depends on timing: polls of an SDK, and answers in flight. */
const TIMING_DEPENDENT = new Set([
  'Dispatcher/SubscribeToWorkflowRuns',
  'v1.AdminService/GetRunDetails', // the Python SDK polls every second for a result
  'hatchet.run/send-durable-answer',
]);

/** Keeps the first of equally named timing-dependent siblings, and removes the others with their children. */
export function withoutRepeatedPolls(spans: readonly WaterfallSpan[]): WaterfallSpan[] {
  const seen = new Set<string>();
  const removed = new Set<string>();
  for (const { name, parentSpanId, spanId } of spans) {
    if (parentSpanId && removed.has(parentSpanId)) removed.add(spanId);
    if (!TIMING_DEPENDENT.has(name)) continue;
    const sibling = `${parentSpanId} ${name}`;
    if (seen.has(sibling)) removed.add(spanId);
    seen.add(sibling);
  }
  return spans.filter(({ spanId, parentSpanId }) => !removed.has(spanId) && !removed.has(parentSpanId ?? ''));
}
