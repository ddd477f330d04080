import { context, createTraceState, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import type { HatchetOperation } from '../tables/spans.ts';
import { startRecorder } from '../testing/recorder.ts';
import { type Metadata, parseTraceparent } from './carrier.ts';
import {
  contextBelow,
  contextToSend,
  metadataWithContext,
  type OutgoingContext,
  outgoingContext,
} from './outgoing-context.ts';
import { withScope } from './task-scope.ts';

const RECEIVED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const remote = parseTraceparent(RECEIVED)!;
const remoteUnsampled = parseTraceparent(RECEIVED.replace(/01$/, '00'))!;
const underRemote = trace.setSpanContext(ROOT_CONTEXT, remote);
const on = startRecorder().provider.getTracer('on');
const off = startRecorder(new AlwaysOffSampler()).provider.getTracer('off');

describe('the context to send', () => {
  test('has the span if it is recorded', () => {
    const span = on.startSpan('send', {}, underRemote);
    expect(contextToSend(span, remote, true)).toEqual(span.spanContext());
  });

  test('is the received one, with its flag unchanged, if the span is not recorded', () => {
    const span = off.startSpan('send', {}, underRemote);
    expect(contextToSend(span, remote, true)).toBe(remote);
    expect(contextToSend(span, remote, false)).toBe(remote);
    expect(contextToSend(off.startSpan('send', {}, underRemote), remoteUnsampled, false)).toBe(remoteUnsampled);
  });

  test("is the span's own unsampled one without a context above, so that workers drop the trace too", () => {
    const span = off.startSpan('send', {}, ROOT_CONTEXT);
    expect(contextToSend(span, undefined, true)).toEqual(span.spanContext());
    expect(span.spanContext().traceFlags).toBe(0);
  });

  test('is undefined without propagateUnsampled, if the trace starts here and is not sampled', () => {
    const local: SpanContext = off.startSpan('request', {}, ROOT_CONTEXT).spanContext();
    const span = off.startSpan('send', {}, trace.setSpanContext(ROOT_CONTEXT, local));
    expect(contextToSend(span, local, false)).toBeUndefined();
    expect(contextToSend(span, local, true)).toBe(local);
    expect(contextToSend(off.startSpan('send', {}, ROOT_CONTEXT), undefined, false)).toBeUndefined();
  });

  test('is undefined without a provider, or if tracing is suppressed', () => {
    expect(contextToSend(trace.getTracer('none').startSpan('send', {}, ROOT_CONTEXT), undefined, true)).toBeUndefined();
    expect(contextToSend(on.startSpan('send', {}, suppressTracing(underRemote)), remote, true)).toBeUndefined();
  });

  test('without a provider is the received one', () => {
    expect(contextToSend(trace.getTracer('none').startSpan('send', {}, underRemote), remote, true)).toEqual(remote);
  });
});

describe('the active context of the call', () => {
  test('has the span if it is recorded', () => {
    const span = on.startSpan('send', {}, underRemote);
    expect(trace.getSpan(contextBelow(span, underRemote))).toBe(span);
  });

  test('stays the received one if it is not', () => {
    expect(contextBelow(off.startSpan('send', {}, underRemote), underRemote)).toBe(underRemote);
  });

  test("has the span's own unsampled context if there is no other", () => {
    const span = off.startSpan('send', {}, ROOT_CONTEXT);
    expect(trace.getSpanContext(contextBelow(span, ROOT_CONTEXT))).toEqual(span.spanContext());
    expect(contextBelow(trace.getTracer('none').startSpan('send', {}, ROOT_CONTEXT), ROOT_CONTEXT)).toBe(ROOT_CONTEXT);
  });
});

describe('the metadata', () => {
  const span = on.startSpan('send', {}, ROOT_CONTEXT);
  const { traceId, spanId } = span.spanContext();
  const ours = `00-${traceId}-${spanId}-01`;
  const settings = { propagateUnsampled: true, propagateBaggage: false };
  const write = (
    metadata: unknown,
    outgoing: OutgoingContext,
    operation: HatchetOperation = 'run_workflow',
    relation?: 'link',
  ) => metadataWithContext(metadata, outgoing, operation, relation);
  const fresh = outgoingContext(span, ROOT_CONTEXT, settings);
  const taskThatReceived = (metadata: Metadata) => withScope(ROOT_CONTEXT, { metadata, identity: () => ({}) });
  const inTask = taskThatReceived({ traceparent: RECEIVED, tracestate: 'a=1' });

  test("get the context in addition to the caller's keys", () => {
    expect(write({ team: 'a' }, fresh)).toEqual({ team: 'a', traceparent: ours });
    expect(write(undefined, fresh)).toEqual({ traceparent: ours });
  });

  test('keep a traceparent of the caller', () => {
    expect(write({ traceparent: RECEIVED, tracestate: 'a=1' }, fresh)).toBeUndefined();
    expect(write({ traceparent: 'mine' }, outgoingContext(span, inTask, settings), 'push_event')).toBeUndefined();
  });

  test('lose the traceparent and tracestate that the task received, since they are only forwarded', () => {
    const forwarded = { traceparent: RECEIVED, tracestate: 'a=1', team: 'a' };
    expect(write(forwarded, outgoingContext(span, inTask, settings), 'push_event')).toEqual({
      team: 'a',
      traceparent: ours,
    });
  });

  test("lose with it the link and relation of the task's own creation", () => {
    const received = { traceparent: RECEIVED, hatchet__link_traceparent: RECEIVED, hatchet__trace_relation: 'link' };
    const above = taskThatReceived(received);
    expect(write({ ...received, team: 'a' }, outgoingContext(span, above, settings))).toEqual({
      team: 'a',
      traceparent: ours,
    });
    const asked = { ...received, hatchet__trace_relation: 'parent' };
    expect(write(asked, outgoingContext(span, above, settings))).toEqual({
      traceparent: ours,
      hatchet__trace_relation: 'parent',
    });
    const unjoined = { hatchet__link_traceparent: RECEIVED, hatchet__trace_relation: 'link' };
    expect(write(unjoined, outgoingContext(span, taskThatReceived(unjoined), settings))).toEqual({ traceparent: ours });
  });

  test('lose what the engine wrote about earlier attempts of the task', () => {
    const received = { traceparent: RECEIVED, hatchet__previous_traceparent: RECEIVED, hatchet__durable_entries: 3 };
    const above = taskThatReceived(received);
    expect(write(received, outgoingContext(span, above, settings))).toEqual({ traceparent: ours });
  });

  describe('of a run with the relation link', () => {
    const linked = { hatchet__trace_relation: 'link', hatchet__link_traceparent: ours };

    test('get the context only as a link, since an engine hands a traceparent to every attempt', () => {
      expect(write({ team: 'a' }, fresh, 'create_cron', 'link')).toEqual({ team: 'a', ...linked });
      expect(write({ hatchet__trace_relation: 'link' }, fresh)).toEqual(linked);
      const state = { ...fresh.spanContext!, traceState: createTraceState('a=1') };
      expect(write({}, { ...fresh, spanContext: state }, 'schedule_workflow', 'link')).toEqual(linked);
    });

    test('keep the relation of the caller', () => {
      const asked = { hatchet__trace_relation: 'parent' };
      expect(write(asked, fresh, 'create_cron', 'link')).toEqual({ ...asked, traceparent: ours });
    });

    test('get a context of the caller as the link', () => {
      const theirs = { ...linked, hatchet__link_traceparent: RECEIVED };
      const metadata = { hatchet__trace_relation: 'link', traceparent: RECEIVED, tracestate: 'a=1' };
      expect(write(metadata, fresh)).toEqual(theirs);
      expect(write({ traceparent: RECEIVED }, fresh, 'create_cron', 'link')).toEqual(theirs);
      expect(write(theirs, fresh)).toBeUndefined();
    });

    test('keep a traceparent of the caller that is not one', () => {
      expect(write({ traceparent: 'mine' }, fresh, 'create_cron', 'link')).toEqual({ ...linked, traceparent: 'mine' });
    });

    test('stay unchanged without a context', () => {
      expect(write({ team: 'a' }, { ...fresh, spanContext: undefined }, 'create_cron', 'link')).toBeUndefined();
    });

    test('hide the context of the task that starts it, which the engine merges below a child', () => {
      const outgoing = outgoingContext(span, inTask, settings);
      expect(write({ hatchet__trace_relation: 'link' }, outgoing)).toEqual({
        ...linked,
        traceparent: '',
        tracestate: '',
      });
      expect(write({}, outgoing, 'create_cron', 'link')).toEqual(linked);
    });

    test('and of an event are those of a child, since the engine drops the relation of an event', () => {
      expect(write({ hatchet__trace_relation: 'link' }, fresh, 'push_event')).toEqual({
        hatchet__trace_relation: 'link',
        traceparent: ours,
      });
    });
  });

  test('of a child hide a tracestate of its parent, which the engine merges below them', () => {
    const outgoing = outgoingContext(span, inTask, settings);
    expect(write({}, outgoing)).toEqual({ traceparent: ours, tracestate: '' });
    const theirs = { traceparent: RECEIVED.replace('0af', '1af') };
    expect(write(theirs, outgoing)).toEqual({ ...theirs, tracestate: '' });
    expect(write({}, outgoing, 'push_event')).toEqual({ traceparent: ours });
    const state = { ...span.spanContext(), traceState: createTraceState('b=2') };
    expect(write({}, { ...outgoing, spanContext: state })).toEqual({ traceparent: ours, tracestate: 'b=2' });
    const plain = taskThatReceived({ traceparent: RECEIVED, tracestate: '' });
    expect(write({}, outgoingContext(span, plain, settings))).toEqual({ traceparent: ours });
  });

  test('stay unchanged if there is nothing to write, or if they are not an object', () => {
    expect(write({ team: 'a' }, { spanContext: undefined, received: undefined })).toBeUndefined();
    expect(write('text', fresh)).toBeUndefined();
    expect(write(['list'], fresh)).toBeUndefined();
  });

  test('get baggage only if configured, and keep a user key of that name', () => {
    expect(write({ baggage: 'two suitcases' }, { ...fresh, baggage: 'a=1' })).toEqual({
      baggage: 'two suitcases',
      traceparent: ours,
    });
    expect(write({}, { ...fresh, baggage: 'a=1' })).toEqual({ baggage: 'a=1', traceparent: ours });
    expect(outgoingContext(span, context.active(), settings).baggage).toBeUndefined();
  });
});
