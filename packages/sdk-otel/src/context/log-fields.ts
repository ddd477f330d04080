import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/** Fields that tie a log line to its span, with the names that OpenTelemetry's own log instrumentations use. */
export interface LogFields {
  readonly trace_id?: string;
  readonly span_id?: string;
  /** Two hex digits; the last bit is set if the trace is sampled. */
  readonly trace_flags?: string;
}

/**
 * Returns the fields of the active span; empty if there is none. Use it as a mixin of pino:
 *
 * ```ts
 * const logger = pino({ mixin: logFields });
 * ```
 *
 * The SDK's own `ctx.logger` has these fields without it.
 */
export function logFields(): LogFields {
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return {};
  const { traceId, spanId, traceFlags } = span;
  return { trace_id: traceId, span_id: spanId, trace_flags: (traceFlags & 0xff).toString(16).padStart(2, '0') };
}
