import { defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { TraceContextPropagator } from './trace-context-propagator.ts';

it('writes every flags byte in two digits', () => {
  for (let traceFlags = 0; traceFlags < 256; traceFlags++) {
    const spanContext = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags };
    const carrier: Record<string, string> = {};
    new TraceContextPropagator().inject(trace.setSpanContext(ROOT_CONTEXT, spanContext), carrier, defaultTextMapSetter);
    const flags = traceFlags.toString(16).padStart(2, '0');
    expect(carrier.traceparent).toBe(`00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`);
  }
});
