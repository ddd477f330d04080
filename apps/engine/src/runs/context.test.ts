import { expect, test } from 'vitest';
import { newRunContext, runSpanContext } from './context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALL = { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags: 0 };

test('a run’s context is what stands in its metadata, flags untouched', () => {
  const metadata = { traceparent: `00-${TRACE}-00f067aa0ba902b7-03`, tracestate: 'a=1' };
  const context = newRunContext(metadata, CALL);
  expect(context).toMatchObject({ traceId: TRACE, ...metadata, rootSpanId: null });
  expect(context.metadata).toBe(metadata);
  expect(runSpanContext(context)).toMatchObject({ traceId: TRACE, spanId: '00f067aa0ba902b7', traceFlags: 3 });
});

test('else it is that of the call, and an engine that does not record the trace writes nothing into the metadata', () => {
  const metadata = { a: 1 };
  expect(newRunContext(metadata, CALL)).toEqual({
    traceId: TRACE,
    traceparent: `00-${TRACE}-b7ad6b7169203331-00`,
    tracestate: null,
    rootSpanId: null,
    metadata,
  });
});

test('without either, and without tracing, a run has no context', () => {
  const context = newRunContext({ traceparent: 'nonsense' }, undefined);
  expect(context).toMatchObject({ traceId: null, traceparent: null, metadata: { traceparent: 'nonsense' } });
  expect(runSpanContext(context)).toBeUndefined();
});
