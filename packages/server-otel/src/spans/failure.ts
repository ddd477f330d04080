import { describeThrown, type ThrownText } from '@hatchet-ts/internal/thrown-value';
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { sqlStateOf } from './sql-state.ts';

/**
 * Records an error of any type: status ERROR with the message, the exception, `error.type`.
 *
 * @param type value of `error.type`; default: class name or code of the error
 */
export function recordFailure(span: Span, thrown: unknown, type?: string): void {
  if (!span.isRecording()) return;
  const { message, type: thrownType } = recordException(span, thrown);
  span.setAttribute(ATTR_ERROR_TYPE, type ?? thrownType);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** Records an error of any type as an event, with its causes; its texts are clean and cut. */
export function recordException(span: Span, thrown: unknown): ThrownText {
  const text = describeThrown(thrown, withoutServerText);
  const { type: name, message, stack } = text;
  span.recordException({ name, message, ...(stack !== undefined && { stack }) });
  return text;
}

/** The sentence of a database server quotes parameters and rows, which are users' data. */
function withoutServerText(error: object): string | undefined {
  const sqlState = sqlStateOf(error);
  return sqlState && `PostgreSQL error ${sqlState}`;
}
