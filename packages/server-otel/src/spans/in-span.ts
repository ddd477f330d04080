import { type Context, context, type Span } from '@opentelemetry/api';
import { recordFailure } from './failure.ts';
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
  onError: (span: Span, error: unknown) => void = recordFailure,
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

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
