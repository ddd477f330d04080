import type { WaterfallSpan } from '@hatchet-ts/waterfall';

/** The Python SDK reports a failure as its message and its stack in one text; the stack is that of a machine. */
export function withoutStack(span: WaterfallSpan): WaterfallSpan {
  return { ...span, ...(span.statusMessage && { statusMessage: span.statusMessage.split('Traceback', 1)[0]!.trim() }) };
}
