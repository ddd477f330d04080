import { metrics as api } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { setUpWorker } from '../testing/worker.ts';
import { METRICS, type MetricName } from './metrics.ts';

const START = 'hatchet.start_step_run';

const worker = await setUpWorker();
const { engine } = worker;
let exporter: InMemoryMetricExporter;
let provider: MeterProvider;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  worker.instrumentor.setMeterProvider(provider);
});
afterEach(() => provider.shutdown());

/** The points of a metric, checked against the table. */
async function points<T = number>(name: MetricName): Promise<DataPoint<T>[]> {
  await provider.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  for (const { descriptor, dataPoints } of all) {
    const row = METRICS[descriptor.name as MetricName];
    expect(row, descriptor.name).toBeDefined();
    expect(descriptor).toMatchObject({ unit: row.unit, description: row.description });
    for (const { attributes } of dataPoints) {
      for (const key of Object.keys(attributes)) expect(row.attributes, descriptor.name).toContain(key);
    }
  }
  return (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []) as DataPoint<T>[];
}
const values = async (name: MetricName) =>
  (await points(name)).map(({ attributes, value }) => {
    const { 'messaging.system': system, ...rest } = attributes;
    if (name.startsWith('messaging.')) expect(system).toBe('hatchet');
    return [rest, value];
  });

const REASON = { triggerReason: 'max_size', triggerTime: undefined };

describe('sending', () => {
  test('counts each item and measures each call', async () => {
    const runs = ['order', 'order', 'label'].map((workflowName) => ({ workflowName, input: {} }));
    await engine.client.admin.runWorkflow('Order', {}); // sent in lower case
    await engine.client.admin.runWorkflows(runs);
    await engine.client.events.push('paid', {});
    await engine.client.events.bulkPush('paid', [{ payload: {} }, { payload: {} }]);
    await engine.client.crons.create('report', { name: 'n', expression: '* * * * *' });
    await engine.client.scheduled.create('report', { triggerAt: new Date(Date.now() + 1000) });
    expect(await values('messaging.client.sent.messages')).toEqual([
      [{ 'messaging.operation.name': 'run', 'messaging.destination.name': 'order' }, 3],
      [{ 'messaging.operation.name': 'run', 'messaging.destination.name': 'label' }, 1],
      [{ 'messaging.operation.name': 'push' }, 3],
      [{ 'messaging.operation.name': 'cron', 'messaging.destination.name': 'report' }, 1],
      [{ 'messaging.operation.name': 'schedule', 'messaging.destination.name': 'report' }, 1],
    ]);
    const durations = await points<Histogram>('messaging.client.operation.duration');
    expect(durations.map(({ attributes, value }) => [attributes['messaging.destination.name'], value.count])).toEqual([
      ['order', 1],
      [undefined, 1], // a bulk may go to many
      [undefined, 2],
      ['report', 1],
      ['report', 1],
    ]);
    expect(durations[0]?.value.buckets.boundaries).toEqual([
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]);
  });

  test('sets error.type if the engine refuses it', async () => {
    engine.failing.add('push');
    await expect(engine.client.events.push('paid', {})).rejects.toThrow();
    expect(await values('messaging.client.sent.messages')).toEqual([
      [{ 'messaging.operation.name': 'push', 'error.type': 'HatchetError' }, 1],
    ]);
  });

  test('names the event only if configured, and no excluded attribute', async () => {
    worker.instrumentor.setConfig({ metricAttributes: { eventKey: true }, excludedAttributes: ['workflow_name'] });
    await engine.client.events.push('paid', {});
    await engine.client.admin.runWorkflow('order', {});
    expect(await values('messaging.client.sent.messages')).toEqual([
      [{ 'messaging.operation.name': 'push', 'messaging.destination.name': 'paid' }, 1],
      [{ 'messaging.operation.name': 'run' }, 1],
    ]);
  });

  test('counts children of a durable task too', async () => {
    worker.durableBody = (ctx) => ctx.spawnChildren(['a', 'b'].map((workflow) => ({ workflow, input: {} })));
    engine.dispatch('steps:steps', { durableTaskInvocationCount: 1 });
    await worker.recorder.ended(START);
    expect(await values('messaging.client.sent.messages')).toEqual([
      [{ 'messaging.operation.name': 'run', 'messaging.destination.name': 'a' }, 1],
      [{ 'messaging.operation.name': 'run', 'messaging.destination.name': 'b' }, 1],
    ]);
  });
});

describe('processing', () => {
  const process = { 'messaging.operation.name': 'process', 'messaging.destination.name': 'work' };

  test('is counted and measured by outcome', async () => {
    worker.body = (ctx) => {
      if (ctx.retryCount() === 0) throw new TypeError('no');
      return {};
    };
    const action = engine.dispatch('work:work', { taskInsertedAt: new Date(Date.now() - 2000) });
    await worker.recorder.ended(START);
    engine.dispatch('work:work', { ...action, retryCount: 1 });
    await worker.recorder.ended(START, 2);
    expect(await values('messaging.client.consumed.messages')).toEqual([
      [{ ...process, 'hatchet.step_name': 'work', 'hatchet.outcome': 'failed', 'error.type': 'TypeError' }, 1],
      [{ ...process, 'hatchet.step_name': 'work', 'hatchet.outcome': 'completed' }, 1],
    ]);
    expect(await points('messaging.process.duration')).toHaveLength(2);
    const [queued, ...more] = await points<Histogram>('hatchet.task.queue_time');
    expect(more).toEqual([]);
    expect(queued?.attributes).toEqual({ 'hatchet.workflow_name': 'work', 'hatchet.step_name': 'work' });
    expect(queued?.value.count).toBe(1);
    expect(queued?.value.sum).toBeGreaterThanOrEqual(2);
    expect(queued?.value.sum).toBeLessThan(60);
    expect(queued?.value.buckets.boundaries.slice(-5)).toEqual([10, 30, 60, 300, 1800]);
  });

  test('counts a running task as active', async () => {
    let finish: () => void = () => undefined;
    worker.body = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const action = engine.dispatch('work:work');
    await engine.reported(action.taskRunExternalId, 1);
    const task = { 'hatchet.workflow_name': 'work', 'hatchet.step_name': 'work' };
    expect(await values('hatchet.task.active')).toEqual([[task, 1]]);
    finish();
    await worker.recorder.ended(START);
    expect(await values('hatchet.task.active')).toEqual([[task, 0]]);
  });

  test.each([
    ['from our engine', { batchSize: 2 }],
    ['from Hatchet’s engine', { taskName: '', batchStartPayload: { ...REASON, expectedSize: 2 } }],
    ['without a size', { actionPayload: '{"a":{},"b":{}}' }],
  ])('counts each item of a batch %s', async (_where, fields) => {
    worker.batchBody = (items) => Object.fromEntries(Object.keys(items).map((id) => [id, {}]));
    engine.dispatch('pack:pack', { actionType: 3, batchId: 'b', actionPayload: '{}', ...fields });
    await worker.recorder.ended('hatchet.start_batch_run');
    const [[attributes, count] = []] = await values('messaging.client.consumed.messages');
    expect(count).toBe(2);
    expect(attributes).toMatchObject({ 'hatchet.step_name': 'pack', 'hatchet.outcome': 'completed' });
  });
});

test('the slots of the worker are reported by kind', async () => {
  const kinds = (await values('hatchet.worker.slots')).map(([attributes]) => attributes);
  expect(kinds).toEqual(
    expect.arrayContaining([{ 'hatchet.slot.kind': 'default' }, { 'hatchet.slot.kind': 'durable' }]),
  );
});

test('tasks are measured without a tracer provider too', async () => {
  const { trace } = await import('@opentelemetry/api');
  worker.instrumentor.setTracerProvider(trace.getTracerProvider());
  worker.body = () => {
    throw new TypeError('no');
  };
  const action = engine.dispatch('work:work');
  await engine.reported(action.taskRunExternalId, 3);
  const [[attributes] = []] = await vi.waitUntil(async () => {
    const measured = await values('messaging.client.consumed.messages');
    return measured.length > 0 && measured; // the report goes out before the task is over
  });
  expect(attributes).toMatchObject({ 'hatchet.outcome': 'failed', 'error.type': 'TypeError' });
});

describe('the meter provider', () => {
  let instrumentor: HatchetInstrumentor | undefined;
  beforeEach(() => void worker.instrumentor.disable());
  afterEach(() => {
    instrumentor?.uninstrument();
    worker.instrumentor.enable();
    api.disable();
  });
  const pushed = async () => (await values('messaging.client.sent.messages'))[0]?.[1];

  test('is the global one, even if registered later', async () => {
    instrumentor = new HatchetInstrumentor();
    await engine.client.events.push('paid', {});
    api.setGlobalMeterProvider(provider);
    await engine.client.events.push('paid', {});
    expect(await pushed()).toBe(1);
  });

  test('may be passed to the constructor, and stays when a global one is registered', async () => {
    instrumentor = new HatchetInstrumentor({ meterProvider: provider });
    api.setGlobalMeterProvider(new MeterProvider());
    registerInstrumentations({ instrumentations: [instrumentor] });
    await engine.client.events.push('paid', {});
    expect(await pushed()).toBe(1);
  });

  test('if missing, costs nothing: no metric is created', async () => {
    instrumentor = new HatchetInstrumentor();
    await engine.client.events.push('paid', {});
    expect(await pushed()).toBeUndefined();
  });
});

test('a meter that throws does not affect the user', async () => {
  const throwing = () => {
    throw new Error('no metrics');
  };
  const instrument = { add: throwing, record: throwing, addCallback: () => undefined, removeCallback: () => undefined };
  worker.instrumentor.setMeterProvider({
    getMeter: () => new Proxy({} as ReturnType<MeterProvider['getMeter']>, { get: () => () => instrument }),
  });
  await engine.client.events.push('paid', {});
  engine.dispatch('work:work');
  const [task] = await worker.recorder.ended(START);
  expect(task?.attributes['hatchet.outcome']).toBe('completed');
  expect(worker.recorder.named('hatchet.push_event')).toHaveLength(1);
});
