import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { guarded } from './guard.ts';
import { ATTR_ERROR_TYPE } from './semconv.ts';

/** ERROR with the message, the exception and `error.type`; whatever was thrown, a string or an object too. */
export function recordFailure(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  // a getter of what was thrown may throw in its turn: the span still ends, as an error
  guarded('recording an error', () => {
    const type = errorType(thrown);
    const message = errorMessage(thrown);
    span.setAttribute(ATTR_ERROR_TYPE, type);
    span.recordException({ name: type, message, ...(hasStack(thrown) && { stack: thrown.stack }) });
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  });
}

/** ERROR and `error.type` alone, where another span has the exception. */
export function markFailed(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  guarded('recording an error', () => span.setAttribute(ATTR_ERROR_TYPE, errorType(thrown)));
}

/** Class name or code; of what is no object, its type. */
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

function errorMessage(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message } = thrown as { message?: unknown };
  // an object that says nothing is named, not serialised: it may hold a payload
  return typeof message === 'string' ? message : `${errorType(thrown)} thrown`;
}

function hasStack(thrown: unknown): thrown is { stack: string } {
  return typeof thrown === 'object' && thrown !== null && typeof (thrown as { stack?: unknown }).stack === 'string';
}
