import { describe, expect, test } from 'vitest';
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

describe('a run with the relation link', () => {
  const creation = `00-${TRACE}-00f067aa0ba902b7-01`;
  const linked = { hatchet__trace_relation: 'link', hatchet__link_traceparent: creation };

  test('starts a trace, with the flag of its creation if this engine does not record it', () => {
    const { metadata, ...context } = newRunContext({ a: 1, ...linked }, CALL);
    expect(context.traceId).not.toBe(TRACE);
    expect(context).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      traceparent: `00-${context.traceId}-${context.rootSpanId}-01`,
      tracestate: null,
      rootSpanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      linkTraceparent: creation,
    });
    expect(metadata).toEqual({ a: 1, ...linked, traceparent: context.traceparent });
  });

  test('has its creation as traceparent if another instrumentor wrote it', () => {
    const { metadata, linkTraceparent } = newRunContext(
      { traceparent: creation, tracestate: 'a=1', hatchet__trace_relation: 'link' },
      CALL,
    );
    expect(linkTraceparent).toBe(creation);
    expect(metadata).toEqual({ ...linked, traceparent: expect.not.stringContaining(TRACE) });
  });

  test('keeps a context that an engine has chosen already', () => {
    const metadata = { ...linked, traceparent: `00-${TRACE}-aaaaaaaaaaaaaaaa-01` };
    expect(newRunContext(metadata, CALL)).toMatchObject({ traceparent: metadata.traceparent, metadata });
  });
});
