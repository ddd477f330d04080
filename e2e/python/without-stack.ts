import type { WaterfallSpan } from '@hatchet-ts/waterfall';

/** Removes the stack from a status message: the Python SDK appends it, and it contains paths of the machine. */
export function withoutStack(span: WaterfallSpan): WaterfallSpan {
  return { ...span, ...(span.statusMessage && { statusMessage: span.statusMessage.split('Traceback', 1)[0]!.trim() }) };
}
