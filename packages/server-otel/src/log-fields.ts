import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { callOf } from './spans/tenant.ts';

/** Fields of a log line, named as Hatchet's own services name them. */
export interface TraceLogFields {
  trace_id?: string;
  span_id?: string;
  /** Two hexadecimal digits; `01`: the trace is kept by whoever began it. */
  trace_flags?: string;
  tenant_id?: string;
}

/**
 * A mixin for pino that puts the ids of the active trace, and the tenant that is being served, on every log line:
 * `pino({ mixin: traceLogFields })`. Works with tracing off as well: contexts still pass through.
 */
export function traceLogFields(): TraceLogFields {
  const active = context.active();
  const fields: TraceLogFields = {};
  const span = trace.getSpanContext(active);
  if (span !== undefined && isSpanContextValid(span)) {
    fields.trace_id = span.traceId;
    fields.span_id = span.spanId;
    fields.trace_flags = span.traceFlags.toString(16).padStart(2, '0');
  }
  const tenantId = callOf(active)?.tenantId;
  if (tenantId !== undefined) fields.tenant_id = tenantId;
  return fields;
}
