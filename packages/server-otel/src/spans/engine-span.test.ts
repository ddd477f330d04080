import { SpanStatusCode } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';
import { recordEngineSpan } from './engine-span.ts';
import { withTenant } from './tenant.ts';
import { isRecordedTrace, newTraceContext } from './trace-ids.ts';

let recording: Recording;
beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(() => recording.telemetry.shutdown());

const times = { startTime: new Date(1_000), endTime: new Date(61_500) };

describe('recordEngineSpan', () => {
  it('records a span with its real times, below the run', async () => {
    const parent = { traceId: KEPT, spanId: CALLER, traceFlags: 1, isRemote: true };
    const attributes = { tenant_id: 't', workflow_run_id: 'r', retry_count: 0, outcome: 'failed' } as const;
    recordEngineSpan('start_step_run', { parent, ...times, attributes, error: 'timed out', errorType: 'timeout' });
    expect(await recording.tree()).toBe(`hatchet.engine.start_step_run INTERNAL ERROR ← ${CALLER}`);
    const [span] = await recording.spans();
    expect([span?.startTime, span?.endTime].map((time) => time && hrTimeToMilliseconds(time))).toEqual([1_000, 61_500]);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'timed out' });
    expect(span?.attributes).toEqual({
      'hatchet.tenant_id': 't',
      'hatchet.workflow_run_id': 'r',
      'hatchet.retry_count': 0,
      'hatchet.outcome': 'failed',
      'hatchet.span_source': 'engine',
      'error.type': 'timeout',
    });
  });

  it('records a root with the ids chosen when its trace began', async () => {
    const own = { traceId: KEPT, spanId: CALLER, traceFlags: 1 };
    recordEngineSpan('workflow_run', { own, ...times, attributes: {} });
    recordEngineSpan('queued', { parent: own, ...times, attributes: {} });
    expect(await recording.tree()).toBe('hatchet.engine.workflow_run INTERNAL\n  hatchet.engine.queued INTERNAL');
    const [root, child] = await recording.spans();
    expect(root?.spanContext()).toMatchObject({ traceId: KEPT, spanId: CALLER });
    expect(child?.spanContext().spanId).not.toBe(CALLER);
  });

  it('keeps the parent of a span with a preset id', async () => {
    const parent = { traceId: KEPT, spanId: CALLER, traceFlags: 1, isRemote: true };
    const own = { traceId: KEPT, spanId: 'aaaaaaaaaaaaaaaa', traceFlags: 1 };
    recordEngineSpan('workflow_run', { parent, own, ...times, attributes: {} });
    const [span] = await recording.spans();
    expect(span?.spanContext()).toMatchObject({ traceId: KEPT, spanId: 'aaaaaaaaaaaaaaaa' });
    expect(span?.parentSpanContext?.spanId).toBe(CALLER);
  });

  it('marks a link to the parent, so that Jaeger shows a child', async () => {
    const parent = { traceId: KEPT, spanId: CALLER, traceFlags: 1, isRemote: true };
    recordEngineSpan('workflow_run', { parent, links: [{ ...parent }], ...times, attributes: {} });
    expect((await recording.spans())[0]?.links[0]?.attributes).toEqual({ 'opentracing.ref_type': 'child_of' });
  });

  it('records nothing in a trace that this service drops, and does not affect the next ids', async () => {
    recordEngineSpan('event', { own: { traceId: DROPPED, spanId: CALLER, traceFlags: 1 }, ...times, attributes: {} });
    recordEngineSpan('event', { own: { traceId: KEPT, spanId: CALLER, traceFlags: 1 }, ...times, attributes: {} });
    const ids = (await recording.spans()).map((span) => span.spanContext().traceId);
    expect(ids).toEqual([KEPT]);
  });

  it('ignores the tenant and the span of the code that calls it', async () => {
    withTenant('tenant-1', () =>
      recordEngineSpan('event', { own: { traceId: KEPT, spanId: CALLER, traceFlags: 1 }, ...times, attributes: {} }),
    );
    expect((await recording.spans())[0]?.attributes).toEqual({ 'hatchet.span_source': 'engine' });
  });
});

describe('newTraceContext', () => {
  it('has the flag that the ratio decides for its id', () => {
    const contexts = Array.from({ length: 200 }, newTraceContext);
    for (const { traceId, spanId, traceFlags } of contexts) {
      expect(traceId).toMatch(/^(?!0+$)[\da-f]{32}$/);
      expect(spanId).toMatch(/^(?!0+$)[\da-f]{16}$/);
      expect(traceFlags).toBe(isRecordedTrace(traceId) ? 1 : 0);
    }
    // 200 fair coins on one side: 10⁻⁶⁰.
    expect(new Set(contexts.map(({ traceFlags }) => traceFlags))).toEqual(new Set([0, 1]));
    expect(isRecordedTrace(KEPT)).toBe(true);
    expect(isRecordedTrace(DROPPED)).toBe(false);
  });

  it('has a clear flag if tracing is off', async () => {
    await recording.telemetry.shutdown();
    expect(newTraceContext().traceFlags).toBe(0);
    expect(isRecordedTrace(KEPT)).toBe(false);
    expect(() => recordEngineSpan('event', { ...times, attributes: {} })).not.toThrow();
  });
});
