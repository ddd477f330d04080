import { type Context, isSpanContextValid, ROOT_CONTEXT, type Span, type SpanContext, trace } from '@opentelemetry/api';

/**
 * The context for the work below a span. A span that is not recorded is nobody's parent: active then stays
 * the context that was received, flag untouched, and without one the span's own, whose flag is clear, so
 * that the next service drops the same trace.
 *
 * @param span the span just started, recorded or not
 * @param parent the context it was started in
 */
export function contextBelow(span: Span, parent: Context): Context {
  if (span.isRecording()) return trace.setSpan(parent, span);
  const received = trace.getSpanContext(parent);
  if (received !== undefined && isSpanContextValid(received)) return parent;
  return isSpanContextValid(span.spanContext()) ? trace.setSpan(parent, span) : parent;
}

/** `context` with the parent that a caller names, if that is a valid one. */
export function withParent(context: Context, parent: SpanContext | undefined): Context {
  return parent !== undefined && isSpanContextValid(parent) ? trace.setSpanContext(context, parent) : context;
}

/** A context in which nothing but this parent is active. */
export function onlyParent(parent: SpanContext | undefined): Context {
  return withParent(ROOT_CONTEXT, parent);
}
