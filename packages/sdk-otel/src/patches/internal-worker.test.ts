import { NonRetryableError } from '@hatchet-dev/typescript-sdk';
import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test, vi } from 'vitest';
import { readCarrier } from '../context/carrier.ts';
import { ids, startRecorder } from '../testing/recorder.ts';
import { hastenRetries } from '../testing/retries.ts';
import { LISTENER, setUpWorker } from '../testing/worker.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const additionalMetadata = JSON.stringify({ traceparent: TRACEPARENT });
const START = 'hatchet.start_step_run';

const worker = await setUpWorker();
const { engine, recorder } = worker;

describe('a task', () => {
  test("is a consumer in the trace of its run, with the user's spans below it", async () => {
    worker.body = () => {
      expect(context.active().getValue(LISTENER)).toBe('kept');
      recorder.provider.getTracer('user').startSpan('ask the bank').end();
      return {};
    };
    const action = engine.dispatch('work:work', {
      additionalMetadata,
      workflowId: 'workflow-1',
      workflowVersionId: 'version-1',
      parentWorkflowRunId: 'parent-1',
      childWorkflowIndex: 0,
      childWorkflowKey: 'child',
      triggeringEventExternalId: 'event-1',
      triggeringEventKey: 'order:paid',
      taskInsertedAt: new Date(Date.now() - 1000),
    });
    const [span] = await recorder.ended(START);
    expect(recorder.picture()).toBe(
      [
        '(missing parent)',
        '└─ hatchet.start_step_run work · test · CONSUMER · completed',
        '   │  ↗ link to a span that is not here',
        '   └─ ask the bank · test',
      ].join('\n'),
    );
    expect(span?.parentSpanContext).toEqual(readCarrier({ traceparent: TRACEPARENT }));
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    const { 'hatchet.queue_time_ms': queueTime, ...attributes } = span!.attributes;
    expect(queueTime).toBeGreaterThanOrEqual(1000);
    expect(attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.tenant_id': action.tenantId,
      'hatchet.worker_id': '11111111-1111-4111-8111-111111111111',
      'hatchet.workflow_run_id': action.workflowRunId,
      'hatchet.step_id': action.taskId,
      'hatchet.step_run_id': action.taskRunExternalId,
      'hatchet.step_name': 'work',
      'hatchet.action_name': 'work:work',
      'hatchet.workflow_name': 'work',
      'hatchet.workflow_id': 'workflow-1',
      'hatchet.workflow_version_id': 'version-1',
      'hatchet.retry_count': 0,
      'hatchet.parent_workflow_run_id': 'parent-1',
      'hatchet.child_workflow_index': 0,
      'hatchet.child_workflow_key': 'child',
      'hatchet.triggering_event_external_id': 'event-1',
      'hatchet.triggering_event_key': 'order:paid',
      'hatchet.priority': 1,
      'hatchet.outcome': 'completed',
      'messaging.system': 'hatchet',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'work',
      'messaging.message.id': action.workflowRunId,
      'messaging.client.id': 'worker-1',
    });
  });

  test('without a context starts a trace, although the listener loop runs inside a span', async () => {
    worker.body = () => ({});
    engine.dispatch('work:work');
    const [span] = await recorder.ended(START);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.links).toEqual([]);
  });

  test('is in one trace with the call that triggers it and the event that it pushes', async () => {
    worker.body = async () => {
      await engine.client.events.push('order:paid', {});
      return {};
    };
    await engine.client.admin.runWorkflow('work', {});
    await recorder.ended(START);
    expect(recorder.picture()).toBe(
      [
        'hatchet.run_workflow work · test · PRODUCER',
        '└─ hatchet.start_step_run work · test · CONSUMER · completed',
        '   │  ↗ link to hatchet.run_workflow work',
        '   └─ hatchet.push_event order:paid · test · PRODUCER',
      ].join('\n'),
    );
  });

  test('that forwards its received metadata sends its own context with them', async () => {
    worker.body = async (ctx) => {
      await engine.client.events.push(
        'order:paid',
        {},
        { additionalMetadata: ctx.additionalMetadata() as Record<string, string> },
      );
      return {};
    };
    engine.dispatch('work:work', {
      additionalMetadata: JSON.stringify({ traceparent: TRACEPARENT, tracestate: 'a=1', team: 'a' }),
    });
    await recorder.ended(START);
    const [pushed] = recorder.named('hatchet.push_event');
    expect(engine.metadata[0]).toMatchObject({
      team: 'a',
      traceparent: `00-${ids(pushed!.spanContext())}-01`,
      tracestate: 'a=1',
    });
  });

  test('may have its name in the span name, or another span name', async () => {
    worker.body = () => ({});
    worker.instrumentor.setConfig({ includeTaskNameInSpanName: true });
    engine.dispatch('work:work');
    await recorder.ended(`${START}.work:work`);
    worker.instrumentor.setConfig({ spanName: (operation, name) => `${operation} instead of ${name}` });
    engine.dispatch('work:work');
    await recorder.ended(`start_step_run instead of ${START}`);
  });

  test('whose metadata are not JSON is traced too', async () => {
    worker.body = () => ({});
    engine.dispatch('work:work', { additionalMetadata: '{"traceparent":' });
    expect((await recorder.ended(START))[0]?.attributes['hatchet.outcome']).toBe('completed');
  });

  test('records payload and metadata only with capture', async () => {
    worker.body = () => ({});
    engine.dispatch('work:work', { additionalMetadata });
    expect(Object.keys((await recorder.ended(START))[0]!.attributes)).not.toContain('hatchet.payload');
    recorder.take();
    worker.instrumentor.setConfig({ capture: { payload: true, metadata: true, redact: (_value, key) => key } });
    engine.dispatch('work:work', { additionalMetadata });
    expect((await recorder.ended(START))[0]?.attributes).toMatchObject({
      'hatchet.payload': 'payload',
      'hatchet.additional_metadata': 'additional_metadata',
    });
  });
});

describe('the relation', () => {
  test('link starts a trace with a link to the creation', async () => {
    worker.body = () => ({});
    worker.instrumentor.setConfig({ relation: 'link' });
    engine.dispatch('work:work', { additionalMetadata });
    const [span] = await recorder.ended(START);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.links.map((link) => ids(link.context))).toEqual([TRACEPARENT.slice(3, -3)]);
  });

  test('may be chosen for each action', async () => {
    worker.instrumentor.setConfig({ relation: ({ actionId }) => (actionId === 'work:work' ? 'link' : 'parent') });
    engine.dispatch('work:work', { additionalMetadata });
    engine.dispatch('work:other', { additionalMetadata });
    const spans = await recorder.ended(START, 2);
    const parents = spans.map((span) => [span.attributes['hatchet.action_name'], span.parentSpanContext?.spanId]);
    expect(Object.fromEntries(parents)).toEqual({
      'work:work': undefined,
      'work:other': readCarrier(additionalMetadata)?.spanId,
    });
    for (const span of spans) {
      expect(span.links.map((link) => ids(link.context))).toEqual([TRACEPARENT.slice(3, -3)]);
    }
  });

  test('may be chosen by the call', async () => {
    await engine.client.admin.runWorkflow(
      'work',
      {},
      {
        additionalMetadata: { hatchet__trace_relation: 'link' },
      },
    );
    const [task] = await recorder.ended(START);
    const [run] = recorder.named('hatchet.run_workflow');
    expect(task?.spanContext().traceId).not.toBe(run?.spanContext().traceId);
    expect(task?.links.map((link) => ids(link.context))).toEqual([ids(run!.spanContext())]);
  });

  test('of a cron is link: each firing starts a trace', async () => {
    await engine.client.crons.create('work', { name: 'nightly', expression: '0 3 * * *' });
    const stored = JSON.stringify(engine.requests[0]?.body.additionalMetadata);
    engine.dispatch('work:work', { additionalMetadata: stored });
    const [task] = await recorder.ended(START);
    const [cron] = recorder.named('hatchet.create_cron');
    expect(task?.parentSpanContext).toBeUndefined();
    expect(task?.links.map((link) => ids(link.context))).toEqual([ids(cron!.spanContext())]);
  });

  test('of a firing with its own context is parent, with a link to the creation of the cron', async () => {
    worker.body = () => ({});
    const firing = '00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';
    engine.dispatch('work:work', {
      additionalMetadata: JSON.stringify({ traceparent: firing, hatchet__link_traceparent: TRACEPARENT }),
    });
    const [span] = await recorder.ended(START);
    expect(ids(span!.parentSpanContext!)).toBe(firing.slice(3, -3));
    expect(span?.links.map((link) => ids(link.context))).toEqual([TRACEPARENT.slice(3, -3)]);
  });
});

describe('a failed attempt', () => {
  class CardDeclined extends Error {}

  test('is an error with its exception, and the next attempt links to it', async () => {
    worker.body = (ctx) => {
      if (ctx.retryCount() === 0) throw new CardDeclined('card declined');
      return {};
    };
    const action = engine.dispatch('work:work', { additionalMetadata });
    await recorder.ended(START);
    engine.dispatch('work:work', { ...action, retryCount: 1 });
    const [first, second] = await recorder.ended(START, 2);
    expect(first?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'card declined' });
    expect(first?.attributes).toMatchObject({ 'error.type': 'CardDeclined', 'hatchet.outcome': 'failed' });
    expect(first?.events.map((event) => event.attributes?.['exception.type'])).toEqual(['CardDeclined']);
    expect(second?.attributes).toMatchObject({ 'hatchet.retry_count': 1, 'hatchet.outcome': 'completed' });
    expect(second?.links.map((link) => ids(link.context))).toEqual([
      TRACEPARENT.slice(3, -3),
      ids(first!.spanContext()),
    ]);
  });

  test('on another worker is linked by the next one, if the engine sends its context', async () => {
    const previous = '00-2af7651916cd43dd8448eb211c80319c-d7ad6b7169203331-01';
    const metadata = JSON.stringify({ ...JSON.parse(additionalMetadata), hatchet__previous_traceparent: previous });
    engine.dispatch('work:work', { additionalMetadata: metadata, retryCount: 1 });
    engine.dispatch('work:work', { additionalMetadata: metadata });
    const links = (await recorder.ended(START, 2)).map((span) => [
      span.attributes['hatchet.retry_count'],
      span.links.map((link) => ids(link.context)),
    ]);
    expect(Object.fromEntries(links)).toEqual({
      0: [TRACEPARENT.slice(3, -3)],
      1: [TRACEPARENT.slice(3, -3), previous.slice(3, -3)],
    });
  });

  test('sends its context with the report of its start, for the next one, to an engine that keeps it', async () => {
    const [ours, other] = [{ taskInsertedAt: new Date() }, {}].map((fields) => engine.dispatch('work:work', fields));
    const spans = await recorder.ended(START, 2);
    const payload = async ({ taskRunExternalId }: AssignedAction) =>
      (await engine.reported(taskRunExternalId, 1)).eventPayload;
    const span = spans.find((each) => each.attributes['hatchet.step_run_id'] === ours!.taskRunExternalId);
    expect(JSON.parse(await payload(ours!))).toEqual({ traceparent: `00-${ids(span!.spanContext())}-01` });
    expect(await payload(other!)).toBe('""');
  });

  test.each([
    ['a text', 'no money', 'string', 'no money'],
    ['an object', { reason: 'no money' }, 'Object', 'Object thrown'],
    ['nothing at all', undefined, 'undefined', 'undefined'],
    ['an error that is not retried', new NonRetryableError('never'), 'NonRetryableError', 'never'],
  ])('that threw %s is an error too', async (_what, thrown, type, message) => {
    worker.body = () => {
      throw thrown;
    };
    engine.dispatch('work:work');
    const [span] = await recorder.ended(START);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message });
    expect(span?.attributes).toMatchObject({ 'error.type': type, 'hatchet.outcome': 'failed' });
  });

  test('may be a result that cannot be sent', async () => {
    worker.body = () => ({ n: 1n });
    engine.dispatch('work:work');
    const [span] = await recorder.ended(START);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'Do not know how to serialize a BigInt' });
    expect(span?.attributes).toMatchObject({ 'error.type': 'report', 'hatchet.outcome': 'failed' });
  });

  test('is an error if only its report does not arrive; the outcome stays the same', async () => {
    hastenRetries();
    engine.failing.add('completed');
    worker.body = () => ({});
    engine.dispatch('work:work');
    const [span] = await recorder.ended(START);
    vi.restoreAllMocks();
    expect(span?.status.message).toContain('no completed today');
    expect(span?.attributes).toMatchObject({ 'error.type': 'HatchetError', 'hatchet.outcome': 'completed' });
  });

  test('may be an action without a handler on this worker', async () => {
    engine.dispatch('work:unknown');
    const [span] = await recorder.ended(START);
    expect(span?.attributes).toMatchObject({ 'error.type': 'unknown_action', 'hatchet.outcome': 'failed' });
  });
});

describe('a worker that does not record', () => {
  test('sends the received context, or without one its own unsampled context', async () => {
    const seen: (string | undefined)[] = [];
    worker.body = async () => {
      seen.push(trace.getSpanContext(context.active())?.spanId);
      await engine.client.events.push('order:paid', {});
      return {};
    };
    worker.instrumentor.setTracerProvider(startRecorder(new AlwaysOffSampler()).provider);
    const first = engine.dispatch('work:work', { additionalMetadata });
    await engine.reported(first.taskRunExternalId, 2);
    const second = engine.dispatch('work:work');
    await engine.reported(second.taskRunExternalId, 2);
    const [received, own] = engine.metadata.map(readCarrier);
    expect(engine.metadata[0]).toEqual({
      traceparent: TRACEPARENT,
      hatchet__source_workflow_run_id: first.workflowRunId,
      hatchet__source_step_run_id: first.taskRunExternalId,
    });
    expect(seen).toEqual([received?.spanId, own?.spanId]);
    expect(own?.traceFlags).toBe(0);
  });
});

test('a hundred concurrent tasks stay in their own traces, and the listener loop in none', async () => {
  const parents = Array.from(
    { length: 100 },
    (_, i) => `00-${`${i + 1}`.padStart(32, '0')}-${`${i + 1}`.padStart(16, '0')}-01`,
  );
  worker.body = async (ctx) => {
    const { traceparent } = ctx.additionalMetadata() as { traceparent: string };
    for (let step = 0; step < 3; step++) {
      await new Promise(setImmediate);
      recorder.provider.getTracer('user').startSpan(`step of ${traceparent}`).end();
    }
    return {};
  };
  for (const traceparent of parents)
    engine.dispatch('work:work', { additionalMetadata: JSON.stringify({ traceparent }) });
  const tasks = await recorder.ended(START, 100);
  for (const traceparent of parents) {
    const [, traceId, spanId] = traceparent.split('-');
    const task = tasks.find((span) => span.parentSpanContext?.spanId === spanId);
    expect(task?.spanContext().traceId).toBe(traceId);
    const steps = recorder.named(`step of ${traceparent}`);
    expect(steps.map((step) => step.parentSpanContext?.spanId)).toEqual(Array(3).fill(task?.spanContext().spanId));
  }
  worker.body = () => ({});
  recorder.take();
  engine.dispatch('work:work');
  expect((await recorder.ended(START))[0]?.parentSpanContext).toBeUndefined();
});
