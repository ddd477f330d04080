import { describeThrown, errorType } from '@hatchet-ts/internal/thrown-value';
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '../tables/semconv.ts';

/** Sets ERROR with the message, the exception and `error.type`, for any thrown value. */
export function recordFailure(span: Span, thrown: unknown): void {
  const { type, message, stack } = describeThrown(thrown);
  span.setAttribute(ATTR_ERROR_TYPE, type);
  span.recordException({ name: type, message, ...(stack !== undefined && { stack }) });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** Sets ERROR and `error.type` only, if another span has the exception. */
export function markFailed(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute(ATTR_ERROR_TYPE, errorType(thrown));
}
