import type { WaterfallSpan } from '@hatchet-ts/waterfall';

/** What is there as often as a client asks and an answer is on its way: that depends on how fast things go. */
const AS_OFTEN_AS_ASKED = new Set([
  'v1.AdminService/GetRunDetails', // the Python SDK polls every second for a result
  'Dispatcher/SubscribeToWorkflowRuns',
  'hatchet.run/send-durable-answer',
]);

/** The trace with one span of each that comes as often as somebody asks, and errors without the stack of the machine. */
export function steady(spans: readonly WaterfallSpan[]): WaterfallSpan[] {
  const seen = new Set<string>();
  const left = new Set<string>();
  for (const { name, parentSpanId, spanId } of spans) {
    if (!AS_OFTEN_AS_ASKED.has(name)) continue;
    const which = `${parentSpanId} ${name}`;
    if (seen.has(which)) left.add(spanId);
    seen.add(which);
  }
  return spans
    .filter(({ spanId, parentSpanId }) => !left.has(spanId) && !left.has(parentSpanId ?? ''))
    .map((span) => ({ ...span, ...(span.statusMessage && { statusMessage: withoutStack(span.statusMessage) }) }));
}

/** The Python SDK reports a failure as its message and its stack in one text. */
function withoutStack(message: string): string {
  return message.split('Traceback', 1)[0]!.trim();
}
