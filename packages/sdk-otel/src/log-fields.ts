import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/** What ties a log line to its span, under the names that OpenTelemetry's own log instrumentations use. */
export interface LogFields {
  readonly trace_id?: string;
  readonly span_id?: string;
  /** two hex digits; the last bit says that the trace is recorded */
  readonly trace_flags?: string;
}

/**
 * The fields of the active span; empty when there is none. A mixin for pino:
 *
 * ```ts
 * const logger = pino({ mixin: logFields });
 * ```
 *
 * The SDK's own `ctx.logger` has them without further ado.
 */
export function logFields(): LogFields {
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return {};
  const { traceId, spanId, traceFlags } = span;
  return { trace_id: traceId, span_id: spanId, trace_flags: (traceFlags & 0xff).toString(16).padStart(2, '0') };
}
