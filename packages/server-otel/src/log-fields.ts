import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { callOf } from './spans/tenant.ts';

/** Fields of a log line, named as Hatchet's own services name them. */
export interface TraceLogFields {
  trace_id?: string;
  span_id?: string;
  /** Two hexadecimal digits; `01`: the service that began the trace keeps it. */
  trace_flags?: string;
  tenant_id?: string;
}

/**
 * Returns the ids of the active trace and the tenant of the current request, as a mixin for pino:
 * `pino({ mixin: traceLogFields })`. Works with tracing off, too, because contexts still pass through.
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
