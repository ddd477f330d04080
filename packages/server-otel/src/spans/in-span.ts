import { type Context, context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { contextBelow } from './parent-context.ts';

/**
 * Runs `fn` below a span that was just started, ends the span when `fn` has returned or its promise has settled, and
 * passes on result and error unchanged.
 *
 * @param onError records an error on the span; default: ERROR with the exception
 */
export function inSpan<T>(
  span: Span,
  parent: Context,
  fn: (span: Span) => T,
  onError: (span: Span, error: unknown) => void = recordError,
): T {
  const fail = (error: unknown): never => {
    onError(span, error);
    span.end();
    throw error;
  };
  let result: T;
  try {
    result = context.with(contextBelow(span, parent), fn, undefined, span);
  } catch (error) {
    return fail(error);
  }
  if (!isPromise(result)) {
    span.end();
    return result;
  }
  const settled = result.then((value: unknown) => {
    span.end();
    return value;
  }, fail);
  return settled as T;
}

/** Records an error: status ERROR with the message, the exception as an event, its class as `error.type`. */
function recordError(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const exception = error instanceof Error ? error : new Error(String(error));
  span.recordException(exception);
  span.setAttribute(ATTR_ERROR_TYPE, error instanceof Error ? error.constructor.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
