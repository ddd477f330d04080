import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { TraceContextPropagator } from '../propagation/trace-context-propagator.ts';

/** The context of queued work, as fields of the message that waits: `traceparent` and, beside it, `tracestate`. */
export type Carrier = Readonly<Record<string, string>>;

/**
 * What to put into a message (Hatchet's field is `otel_carrier`) so that whoever takes it from the queue continues the
 * trace. Empty when no context is active, or when tracing is suppressed.
 */
export function activeCarrier(): Carrier {
  const carrier: Record<string, string> = {};
  W3C.inject(context.active(), carrier, defaultTextMapSetter);
  return carrier;
}

/**
 * The context that a message carries: the `parent` of the span that handles it, or one of the `links` of a span that
 * handles many.
 *
 * @param carrier the object, or its JSON text; anything else, and what W3C Trace Context does not allow, is undefined
 */
export function carriedContext(carrier: unknown): SpanContext | undefined {
  const fields = typeof carrier === 'string' ? parsed(carrier) : carrier;
  if (typeof fields !== 'object' || fields === null) return undefined;
  return trace.getSpanContext(W3C.extract(ROOT_CONTEXT, fields, defaultTextMapGetter));
}

const W3C = new TraceContextPropagator();

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
