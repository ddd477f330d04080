import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { TraceContextPropagator } from '../propagation/trace-context-propagator.ts';

/** Trace context of queued work, as fields of its message: `traceparent` and `tracestate`. */
export type Carrier = Readonly<Record<string, string>>;

/**
 * Returns the active context for a message (Hatchet's field is `otel_carrier`), so that the consumer continues the
 * trace. Empty if no context is active or tracing is suppressed.
 */
export function activeCarrier(): Carrier {
  const carrier: Record<string, string> = {};
  W3C.inject(context.active(), carrier, defaultTextMapSetter);
  return carrier;
}

/**
 * Reads the context of a message: the `parent` of the span that handles it, or one of the `links` of a span that handles
 * many.
 *
 * @param carrier the object, or its JSON text
 * @returns undefined for anything else, and for a context that is invalid by W3C Trace Context
 */
export function carriedContext(carrier: unknown): SpanContext | undefined {
  const fields = typeof carrier === 'string' ? parseJson(carrier) : carrier;
  if (typeof fields !== 'object' || fields === null) return undefined;
  return trace.getSpanContext(W3C.extract(ROOT_CONTEXT, fields, defaultTextMapGetter));
}

const W3C = new TraceContextPropagator();

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
