import { context, type TracerProvider, trace } from '@opentelemetry/api';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { startDatabaseSpans } from '../../../packages/server-otel/src/database/database-spans.ts';

/** Sources of database spans under comparison, by name. Each is started before pg is loaded. */
export const SOURCES = { untraced: () => {}, stock, ours } satisfies Record<string, (provider: TracerProvider) => void>;

export type SourceName = keyof typeof SOURCES;

/** OpenTelemetry's instrumentation as `server-otel` used it: spans below a recorded span only. */
function stock(provider: TracerProvider): void {
  const instrumentation = new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true });
  instrumentation.setTracerProvider({
    getTracer: (...scope) => {
      const tracer = provider.getTracer(...scope);
      return {
        startSpan: (name, options, base = context.active()) => {
          const parent = trace.getSpan(base);
          return parent?.isRecording()
            ? tracer.startSpan(name, options, base)
            : trace.wrapSpanContext(parent!.spanContext());
        },
        startActiveSpan: tracer.startActiveSpan.bind(tracer),
      };
    },
  });
}

function ours(provider: TracerProvider): void {
  startDatabaseSpans(provider);
}
