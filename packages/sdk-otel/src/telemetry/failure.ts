import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { guard } from '../call/guard.ts';
import { ATTR_ERROR_TYPE } from '../tables/semconv.ts';

/** Sets ERROR with the message, the exception and `error.type`, for any thrown value. */
export function recordFailure(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  // a getter of the thrown value may throw in turn; the span still ends as an error
  guard('recording an error', () => {
    const type = errorType(thrown);
    const message = errorMessage(thrown);
    span.setAttribute(ATTR_ERROR_TYPE, type);
    span.recordException({ name: type, message, ...(hasStack(thrown) && { stack: thrown.stack }) });
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  });
}

/** Sets ERROR and `error.type` only, if another span has the exception. */
export function markFailed(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  guard('recording an error', () => span.setAttribute(ATTR_ERROR_TYPE, errorType(thrown)));
}

/** Returns the class name or code of a thrown object, and the type of any other value. */
export function errorType(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return thrown === null ? 'null' : typeof thrown;
  const { name, code } = thrown as { name?: unknown; code?: unknown };
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name;
  const className: unknown = thrown.constructor?.name;
  if (typeof className === 'string' && className !== '' && className !== 'Error' && className !== 'Object')
    return className;
  if (typeof code === 'string' && code !== '') return code;
  return typeof className === 'string' && className !== '' ? className : 'object';
}

/** Returns the `error.type` of a failure for metrics; `unknown` if a getter of the thrown value throws. */
export function errorTypeOf({ thrown }: { readonly thrown: unknown }): string {
  return guard('naming an error', () => errorType(thrown)) ?? 'unknown';
}

function errorMessage(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message } = thrown as { message?: unknown };
  // an object without a message is named, not serialized: it may hold a payload
  return typeof message === 'string' ? message : `${errorType(thrown)} thrown`;
}

function hasStack(thrown: unknown): thrown is { stack: string } {
  return typeof thrown === 'object' && thrown !== null && typeof (thrown as { stack?: unknown }).stack === 'string';
}
