import { NonRetryableError } from '@hatchet-dev/typescript-sdk';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { settingsOf } from './configuration/settings.ts';
import { readCarrier } from './context/carrier.ts';
import { HatchetInstrumentor } from './instrumentor.ts';
import { startEngine, type TestEngine } from './testing/engine.ts';
import { ids } from './testing/recorder.ts';
import { hastenRetries } from './testing/retries.ts';
import { stopWorkerDuringTask } from './testing/stopped-worker.ts';
import { setUpWorker, type TestWorker } from './testing/worker.ts';

// Faults of the SDK's own instrumentor (1.33), the gravest first. Each has a test that passes with this instrumentor.

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const START = 'hatchet.start_step_run';

const worker = await setUpWorker();
const { engine, recorder } = worker;

afterEach(() => void vi.restoreAllMocks());

const attempt = async (body: TestWorker['body'], more: Parameters<TestEngine['dispatch']>[1] = {}) => {
  worker.body = body;
  engine.dispatch('work:work', more);
  const [span] = await recorder.ended(START);
  return span!;
};

describe("fault 1: it replaces the application's tracer provider, or loses its own", () => {
  const application = () => {
    const exporter = new InMemorySpanExporter();
    return { exporter, provider: new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }) };
  };
  const globals = () => {
    for (const api of [trace, propagation]) api.disable();
  };
  afterEach(globals);

  test.each(['before', 'after'])('a provider registered %s the instrumentor gets all spans', async (when) => {
    worker.instrumentor.disable();
    const { exporter, provider } = application();
    if (when === 'before') trace.setGlobalTracerProvider(provider);
    const instrumentor = new HatchetInstrumentor();
    expect(when === 'before' || trace.setGlobalTracerProvider(provider)).toBe(true);
    await engine.client.events.push('paid', {});
    provider.getTracer('user').startSpan('mine').end();
    instrumentor.uninstrument();
    worker.instrumentor.enable();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['hatchet.push_event', 'mine']);
  });
});

test('fault 2: the minimal setup propagates nothing; ours needs no propagator and always carries W3C context', async () => {
  propagation.setGlobalPropagator({
    fields: () => ['x-mine'],
    inject: (_context, carrier, setter) => setter.set(carrier, 'x-mine', '1'),
    extract: (above) => above,
  });
  await engine.client.events.push('paid', {});
  propagation.disable();
  const [span] = recorder.take();
  expect(engine.metadata).toEqual([{ traceparent: `00-${ids(span!.spanContext())}-01` }]);
});

test('fault 3: attributes of a task lack the prefix', async () => {
  const span = await attempt(() => ({}));
  const others = Object.keys(span.attributes).filter((key) => !/^(hatchet|messaging)\./.test(key));
  expect(others).toEqual(['instrumentor']);
});

test('fault 4: the attributes of the last task leak into the listener loop', async () => {
  const { _internal } = worker.worker;
  const handleAction = _internal.handleAction.bind(_internal);
  const contexts: unknown[] = [];
  _internal.handleAction = (action) => {
    contexts.push(context.active());
    return handleAction(action);
  };
  for (let i = 0; i < 2; i++) await engine.reported(engine.dispatch('work:work').taskRunExternalId, 2);
  _internal.handleAction = handleAction;
  expect(contexts[1]).toBe(contexts[0]);
  await recorder.ended(START, 2);
});

test('fault 5: payloads are recorded by default', async () => {
  await engine.client.admin.runWorkflow('order', { card: '4242 4242' }, { additionalMetadata: { secret: 's3cr3t' } });
  await engine.client.admin.runWorkflows([{ workflowName: 'order', input: { card: '4242 4242' } }]);
  await engine.client.events.push('paid', { card: '4242 4242' }, { additionalMetadata: { secret: 's3cr3t' } });
  await attempt(() => ({}), {
    actionPayload: '{"input":{"card":"4242 4242"}}',
    additionalMetadata: '{"secret":"s3cr3t"}',
  });
  const recorded = JSON.stringify(recorder.take().map(({ attributes, events }) => [attributes, events]));
  expect(recorded).not.toMatch(/4242 4242|s3cr3t/);
});

describe('fault 6: payloads are serialized even if nothing is recorded, which can throw', () => {
  test('ours serializes nothing', async () => {
    const toJSON = vi.fn(() => ({}));
    await engine.client.admin.runWorkflow('order', { toJSON });
    expect(toJSON).toHaveBeenCalledOnce(); // by the SDK
  });

  test('a value that cannot be serialized fails as without an instrumentor', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    worker.instrumentor.setConfig({ capture: { payload: true } });
    for (const input of [{ n: 1n }, cycle]) {
      worker.instrumentor.disable();
      const without = await engine.client.admin.runWorkflow('order', input as object).catch(String);
      worker.instrumentor.enable();
      expect(await engine.client.admin.runWorkflow('order', input as object).catch(String)).toBe(without);
    }
    const never = { triggerAt: new Date(Number.NaN) };
    await expect(engine.client.scheduled.create('order', never)).rejects.toThrow('Invalid cron input');
  });
});

test('fault 7: bulkPush loses the shared metadata of its events', async () => {
  const inputs = [{ payload: {} }, { payload: {}, additionalMetadata: { of: 'item' } }];
  await engine.client.events.bulkPush('paid', inputs, { additionalMetadata: { of: 'all' } });
  expect(engine.metadata.map((metadata) => metadata?.of)).toEqual(['all', 'item']);
});

describe('fault 8: failures are reported as success', () => {
  test('a thrown text', async () => {
    const span = await attempt(() => {
      throw 'no money';
    });
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no money' });
  });

  test('a task that returns after its cancellation', async () => {
    worker.body = ({ abortController: { signal } }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ late: 'result' })));
    const action = engine.dispatch('work:work');
    await engine.reported(action.taskRunExternalId, 1);
    engine.cancel(action);
    const [span] = await recorder.ended(START);
    expect(span?.attributes['hatchet.outcome']).toBe('cancelled');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    await recorder.ended('hatchet.cancel_step_run');
  });

  test('an action without a handler', async () => {
    engine.dispatch('work:unknown');
    expect((await recorder.ended(START))[0]?.status.code).toBe(SpanStatusCode.ERROR);
  });

  test('a report that does not reach the engine', async () => {
    hastenRetries();
    engine.failing.add('completed');
    expect((await attempt(() => ({}))).status.code).toBe(SpanStatusCode.ERROR);
  });

  test('a non-retryable error is recorded like any other', async () => {
    const span = await attempt(() => {
      throw new NonRetryableError('never');
    });
    expect(span.attributes['error.type']).toBe('NonRetryableError');
  });
});

describe('fault 9: a durable task', () => {
  const steps = () => engine.dispatch('steps:steps', { durableTaskInvocationCount: 1 });

  test('that is evicted is not an error, nor is its wait', async () => {
    engine.durable.eager = false;
    worker.durableBody = (ctx) => ctx.sleepFor('1h');
    const action = steps();
    await engine.durable.entries(action.taskRunExternalId, 1);
    engine.durable.evict(action.taskRunExternalId, 1);
    await recorder.ended(START);
    const ended = recorder
      .take()
      .map(({ name, status, attributes }) => [name, status.code, attributes['hatchet.outcome']]);
    expect(ended).toEqual([
      ['hatchet.durable.wait_for', SpanStatusCode.UNSET, 'evicted'],
      [START, SpanStatusCode.UNSET, 'evicted'],
    ]);
  });

  test('is the parent of its children', async () => {
    worker.durableBody = (ctx) => ctx.spawnChild('pack', {});
    steps();
    const [parent] = await recorder.ended(START);
    const [run] = recorder.named('hatchet.run_workflow');
    expect(run?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
    expect(readCarrier(engine.durable.children[0])?.spanId).toBe(run?.spanContext().spanId);
  });
});

test('fault 10: batches, crons, cancel, replay and memos are not traced', async () => {
  engine.dispatch('pack:pack', { actionType: 3, batchId: 'b', batchSize: 1, actionPayload: '{}' });
  await recorder.ended('hatchet.start_batch_run');
  await engine.client.crons.create('report', { name: 'nightly', expression: '0 3 * * *' });
  await engine.client.runs.cancel({ ids: [] });
  await engine.client.runs.replay({ ids: [] });
  worker.durableBody = (ctx) => ctx.now();
  engine.dispatch('steps:steps', { durableTaskInvocationCount: 1 });
  await recorder.ended(START);
  expect(recorder.take().map(({ name }) => name)).toEqual([
    'hatchet.start_batch_run',
    'hatchet.create_cron',
    'hatchet.cancel_runs',
    'hatchet.replay_runs',
    'hatchet.durable.memo',
    START,
  ]);
});

describe('fault 11: errors of push, bulkPush and cancellations are not recorded', () => {
  test('a failed push is an error', async () => {
    engine.failing.add('push');
    await expect(engine.client.events.push('paid', {})).rejects.toThrow();
    await expect(engine.client.events.bulkPush('paid', [{ payload: {} }])).rejects.toThrow();
    expect(recorder.take().map(({ status }) => status.code)).toEqual(Array(3).fill(SpanStatusCode.ERROR));
  });

  test('a cancellation is in the trace of its run', async () => {
    engine.cancel(engine.dispatch('work:work', { additionalMetadata: `{"traceparent":"${TRACEPARENT}"}` }));
    const [cancel] = await recorder.ended('hatchet.cancel_step_run');
    expect(ids(cancel!.parentSpanContext!)).toBe(TRACEPARENT.slice(3, -3));
    expect(cancel?.attributes).toHaveProperty('hatchet.workflow_run_id');
    await recorder.ended(START);
  });
});

test('fault 12: the environment and the configuration of the client have no effect', () => {
  const env = {
    HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES: '["payload"]',
    HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME: 'true',
  };
  const client = { otel: { excludedAttributes: ['hatchet.scope'], includeTaskNameInSpanName: true } };
  expect([...settingsOf({}, env).excludedFor(client)]).toEqual(['payload', 'scope']);
  expect(settingsOf({}, env).includeTaskName(undefined)).toBe(true);
  expect(settingsOf({}, {}).includeTaskName(client)).toBe(true);
});

describe('fault 13: the wrappers do not match the current methods', () => {
  test('the parent of a child is recorded under both of its option names', async () => {
    await engine.client.admin.runWorkflow('order', {}, { parentTaskRunExternalId: 'new' });
    await engine.client.admin.runWorkflow('order', {}, { parentStepRunId: 'old' });
    const parents = recorder.take().map(({ attributes }) => attributes['hatchet.parent_step_run_id']);
    expect(parents).toEqual(['new', 'old']);
  });

  test('a workflow is recorded by its name', async () => {
    const report = engine.client.task({ name: 'report', fn: () => ({}) });
    await report.schedule(new Date(Date.now() + 1000), {});
    expect(recorder.take()[0]?.attributes['hatchet.workflow_name']).toBe('report');
  });

  test('unknown arguments are passed on', async () => {
    worker.instrumentor.disable();
    const original = vi.spyOn(Object.getPrototypeOf(engine.client.admin), 'runWorkflow').mockResolvedValue(undefined);
    worker.instrumentor.enable();
    const run = engine.client.admin.runWorkflow as (...args: unknown[]) => Promise<unknown>;
    await run.call(engine.client.admin, 'order', {}, {}, 'fourth');
    expect(original.mock.lastCall?.[3]).toBe('fourth');
    worker.instrumentor.disable();
    original.mockRestore();
    worker.instrumentor.enable();
  });
});

test('fault 14: the task name in the span name breaks lookups by span name', async () => {
  expect((await attempt(() => ({}))).name).toBe(START);
  recorder.take();
  worker.instrumentor.setConfig({ includeTaskNameInSpanName: true });
  engine.dispatch('work:work');
  const [named] = await recorder.ended(`${START}.work:work`);
  // its attributes identify it under any name
  expect(named?.attributes).toMatchObject({
    'messaging.operation.name': 'process',
    'hatchet.action_name': 'work:work',
  });
});

test('fault 15: the last spans of a worker are lost', { timeout: 30_000 }, async () => {
  const collector = await OtlpReceiver.start();
  const other = await startEngine();
  expect(await stopWorkerDuringTask(other, collector)).toEqual({ code: 0, signal: null });
  expect(collector.spans.filter(({ name }) => name === START)).toHaveLength(1);
  await other.stop();
  collector.stop();
});

test('fault 16: excluding an attribute has side effects', async () => {
  worker.instrumentor.setConfig({ excludedAttributes: ['hatchet.workflow_run_id'] });
  worker.body = async () => {
    await engine.client.events.push('paid', {});
    return {};
  };
  const action = engine.dispatch('work:work');
  const [span] = await recorder.ended(START);
  expect(span?.attributes).not.toHaveProperty('hatchet.workflow_run_id');
  expect(engine.metadata[0]?.hatchet__source_workflow_run_id).toBe(action.workflowRunId);
});

test.each(['{', 'null', '[]', '7', '"text"'])(
  'fault 17: metadata such as %s kill the worker',
  async (additionalMetadata) => {
    const span = await attempt(() => ({}), { additionalMetadata });
    expect(span.attributes['hatchet.outcome']).toBe('completed');
  },
);

describe('fault 18: metadata keys of the user are treated as context', () => {
  test('a key with such a name is neither read nor overwritten', async () => {
    let baggage: unknown = 'not asked';
    await attempt(
      async () => {
        baggage = propagation.getBaggage(context.active());
        return {};
      },
      { additionalMetadata: '{"baggage":"two=suitcases","tracestate":"a=1"}' },
    );
    expect(baggage).toBeUndefined();
    await engine.client.events.push('paid', {}, { additionalMetadata: { baggage: 'two suitcases' } });
    expect(engine.metadata[0]?.baggage).toBe('two suitcases');
  });

  test('a traceparent of the caller is kept', async () => {
    const additionalMetadata = { traceparent: TRACEPARENT };
    await engine.client.admin.runWorkflow('order', {}, { additionalMetadata });
    expect(engine.metadata).toEqual([additionalMetadata]);
  });
});

describe('fault 19: minor ones', () => {
  test('success leaves the status unset, since OK is for the application to set', async () => {
    expect((await attempt(() => ({}))).status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a task links to the creation of its run, and an attempt to the previous one', async () => {
    const first = await attempt(() => ({}), { additionalMetadata: `{"traceparent":"${TRACEPARENT}"}` });
    const step = first.attributes['hatchet.step_run_id'] as string;
    engine.dispatch('work:work', { taskRunExternalId: step, retryCount: 1 });
    const [, second] = await recorder.ended(START, 2);
    expect(first.links.map((link) => ids(link.context))).toEqual([TRACEPARENT.slice(3, -3)]);
    expect(second?.links.map((link) => ids(link.context))).toEqual([ids(first.spanContext())]);
  });

  test('the span name does not depend on the task', async () => {
    expect((await attempt(() => ({}))).name).toBe(START);
  });
});
