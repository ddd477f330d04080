import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { readCarrier } from '../context/carrier.ts';
import { setUpClient } from '../testing/client.ts';
import { ids, startRecorder } from '../testing/recorder.ts';

const { engine, recorder, instrumentor } = await setUpClient({ namespace: 'shop', excludedAttributes: ['priority'] });

const MINUTE = 60_000;
const soon = () => new Date(Date.now() + MINUTE);
const sent = () => engine.requests.map(({ body }) => body.additionalMetadata ?? {});

describe('a schedule', () => {
  test('is a producer, and its run joins its trace', async () => {
    const at = soon();
    const schedule = { triggerAt: at, input: { a: 1 }, additionalMetadata: { team: 'a' }, priority: 2 };
    const before = structuredClone(schedule);
    const created = await engine.client.scheduled.create('report', schedule);
    expect(recorder.picture()).toBe('hatchet.schedule_workflow shop_report · test · PRODUCER');
    const [span] = recorder.take();
    expect(span?.attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.workflow_name': 'shop_report',
      'hatchet.namespace': 'shop_',
      'hatchet.run_at_timestamps': [at.toISOString()],
      'hatchet.schedule_id': created.metadata.id,
      'messaging.system': 'hatchet',
      'messaging.operation.name': 'schedule',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop_report',
    });
    expect(sent()).toEqual([{ team: 'a', traceparent: `00-${ids(span!.spanContext())}-01` }]);
    expect(schedule).toEqual(before);
  });

  test('more than an hour ahead has the relation link, unless the caller or the instrumentor sets another', async () => {
    const later = new Date(Date.now() + 61 * MINUTE);
    await engine.client.scheduled.create('report', { triggerAt: later });
    await engine.client.scheduled.create('report', {
      triggerAt: later,
      additionalMetadata: { hatchet__trace_relation: 'parent' },
    });
    instrumentor.setConfig({ relation: 'parent' });
    await engine.client.scheduled.create('report', { triggerAt: later });
    const [link, ...parents] = recorder.take().map((span) => `00-${ids(span.spanContext())}-01`);
    expect(sent()).toEqual([
      { hatchet__trace_relation: 'link', hatchet__link_traceparent: link },
      { hatchet__trace_relation: 'parent', traceparent: parents[0] },
      { traceparent: parents[1] },
    ]);
  });

  test('of a declared workflow has its name, not the declaration', async () => {
    const report = engine.client.task({ name: 'report', fn: () => ({}) });
    await report.delay(60, {});
    await report.schedule(soon(), {});
    expect(recorder.take().map((span) => span.attributes['hatchet.workflow_name'])).toEqual([
      'shop_report',
      'shop_report',
    ]);
  });

  test('with an invalid time is an error with the rejection of the SDK', async () => {
    const never = { triggerAt: new Date(Number.NaN) };
    await expect(engine.client.scheduled.create('report', never)).rejects.toThrow('Invalid cron input');
    const [span] = recorder.take();
    expect(span?.attributes).not.toHaveProperty('hatchet.run_at_timestamps');
    expect(span?.attributes['error.type']).toBe('Error');
  });

  test('that the engine refuses is an error', async () => {
    engine.failing.add('rest');
    await expect(engine.client.scheduled.create('report', { triggerAt: soon() })).rejects.toThrow('not today');
    expect(recorder.take()[0]?.status.message).toContain('not today');
  });

  test('in a trace that is not recorded sends the received context', async () => {
    instrumentor.setTracerProvider(startRecorder(new AlwaysOffSampler()).provider);
    await engine.client.scheduled.create('report', { triggerAt: soon() });
    const [metadata] = sent();
    expect(readCarrier(metadata)?.traceFlags).toBe(0);
  });
});

describe('a cron', () => {
  const cron = { name: 'nightly', expression: '0 3 * * *', input: {}, additionalMetadata: { team: 'a' } };

  test('is a producer; each firing starts a trace with a link to it', async () => {
    const before = structuredClone(cron);
    const created = await engine.client.crons.create('report', cron);
    expect(recorder.picture()).toBe('hatchet.create_cron shop_report/nightly · test · PRODUCER');
    const [span] = recorder.take();
    expect(span?.attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.workflow_name': 'shop_report',
      'hatchet.namespace': 'shop_',
      'hatchet.cron_name': 'nightly',
      'hatchet.cron_expression': '0 3 * * *',
      'hatchet.cron_id': created.metadata.id,
      'messaging.system': 'hatchet',
      'messaging.operation.name': 'cron',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop_report',
    });
    expect(sent()).toEqual([
      {
        team: 'a',
        hatchet__link_traceparent: `00-${ids(span!.spanContext())}-01`,
        hatchet__trace_relation: 'link',
      },
    ]);
    expect(cron).toEqual(before);
  });

  test('keeps the relation and context of the caller', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const additionalMetadata = { traceparent, hatchet__trace_relation: 'parent' };
    await engine.client.crons.create('report', { ...cron, additionalMetadata });
    expect(sent()).toEqual([additionalMetadata]);
  });

  test("without a tracer provider is created with only the caller's metadata", async () => {
    instrumentor.setTracerProvider(trace.getTracerProvider());
    await engine.client.crons.create('report', cron);
    expect(sent()).toEqual([{ team: 'a' }]);
  });
});

test('schedules and crons have no attribute that the client or the instrumentor excludes', async () => {
  instrumentor.setConfig({ excludedAttributes: ['cron_name'] });
  await engine.client.scheduled.create('report', { triggerAt: soon(), priority: 2 });
  await engine.client.crons.create('report', { name: 'nightly', expression: '0 3 * * *', priority: 2 });
  for (const span of recorder.take()) {
    expect(span.attributes).not.toHaveProperty('hatchet.priority');
    expect(span.attributes).not.toHaveProperty('hatchet.cron_name');
  }
});

test('payload and metadata are recorded with capture', async () => {
  instrumentor.setConfig({ capture: { payload: true, metadata: true } });
  await engine.client.scheduled.create('report', {
    triggerAt: soon(),
    input: { a: 1 },
    additionalMetadata: { team: 'a' },
  });
  expect(recorder.take()[0]?.attributes).toMatchObject({
    'hatchet.payload': '{"a":1}',
    'hatchet.additional_metadata': '{"team":"a"}',
  });
});
