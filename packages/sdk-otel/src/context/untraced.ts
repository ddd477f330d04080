// Not suppressTracing of @opentelemetry/core: this package loads only the API and @opentelemetry/instrumentation.
import { context, createContextKey, trace } from '@opentelemetry/api';

/**
 * Makes a call of the SDK itself without spans of any instrumentation, if no span is active: nobody asked for it, and each
 * of its spans would be a trace.
 */
export function untracedAtRoot<T>(call: () => T): T {
  const active = context.active();
  return trace.getSpan(active) ? call() : context.with(active.setValue(SUPPRESS_TRACING, true), call);
}

// The SDK's own key: keys of the API are equal if their descriptions are.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
