import { expect, test } from 'vitest';
import { newRunContext, runSpanContext } from './context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALL = { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags: 0 };

test('a run’s context is the carrier in its metadata, with unchanged flags', () => {
  const metadata = { traceparent: `00-${TRACE}-00f067aa0ba902b7-03`, tracestate: 'a=1' };
  const context = newRunContext(metadata, CALL);
  expect(context).toMatchObject({ traceId: TRACE, ...metadata, rootSpanId: null });
  expect(context.metadata).toBe(metadata);
  expect(runSpanContext(context)).toMatchObject({ traceId: TRACE, spanId: '00f067aa0ba902b7', traceFlags: 3 });
});

test('without a carrier it is the call’s; if the engine does not record the trace, the metadata stays unchanged', () => {
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
