import {
  type Context,
  context,
  diag,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/**
 * Returns the context for the work below a span. A span that is not recorded never becomes a parent: the received
 * context stays active, flag untouched. Without one, the span's own context is active, whose clear flag makes the next
 * service drop the same trace.
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

/** Returns `base` with an explicit parent, if that is valid. */
export function withParent(base: Context, parent: SpanContext | undefined): Context {
  return parent !== undefined && isSpanContextValid(parent) ? trace.setSpanContext(base, parent) : base;
}

/** Result of an application's parent look-up. */
export type ParentFound = SpanContext | undefined | Promise<SpanContext | undefined>;

/**
 * Calls an application's look-up for the parent of a request that brought no context. The look-up is not traced. If it
 * fails or returns an invalid context, the request has no parent.
 *
 * @param request name of the request, for the warning
 */
export async function lookUpParent(
  request: string,
  find: (() => ParentFound) | undefined,
): Promise<SpanContext | undefined> {
  if (find === undefined) return undefined;
  try {
    const parent = await context.with(suppressTracing(ROOT_CONTEXT), find);
    return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
  } catch (error) {
    diag.warn(`parent look-up failed for ${request}; the request starts a trace of its own`, error);
    return undefined;
  }
}
