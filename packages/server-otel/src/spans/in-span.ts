import { isThenable, whenSettled } from '@hatchet-ts/internal/thenable';
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
  const succeed = () => span.end();
  const fail = (error: unknown) => {
    onError(span, error);
    span.end();
  };
  const run = (): T => {
    let result: T;
    try {
      result = fn(span);
    } catch (error) {
      fail(error);
      throw error;
    }
    // Within the context, in which a lazy query starts.
    if (isThenable(result)) return whenSettled(result, succeed, fail) as T;
    succeed();
    return result;
  };
  return context.with(contextBelow(span, parent), run);
}
