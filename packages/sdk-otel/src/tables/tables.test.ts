import { AlwaysOnSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, expect, test } from 'vitest';
import { contractViolations, operationOf } from '../testing/closed-tables.ts';
import { startEngine } from '../testing/engine.ts';
import { startRecorder } from '../testing/recorder.ts';
import { setUpWorker } from '../testing/worker.ts';
import { ATTRIBUTES, HATCHET_ATTRIBUTES } from './attributes.ts';
import { SPANS } from './spans.ts';

// The tables are closed. Every recorder of every test checks that nothing else is emitted (testing/recorder.ts); this test
// emits everything in the tables.

const worker = await setUpWorker();
const shop = await startEngine({ namespace: 'shop' });
afterAll(() => shop.stop());

test('every span of the table is emitted, with every attribute that it may have', async () => {
  const spans = await everything();
  const emitted = new Set(
    spans.flatMap((span) => Object.keys(span.attributes).map((key) => `${operationOf(span)} ${key}`)),
  );
  const promised = Object.values(ATTRIBUTES).flatMap(({ key, on }) => on.map((operation) => `${operation} ${key}`));
  expect(promised.filter((pair) => !emitted.has(pair))).toEqual([]);
  expect([...new Set(spans.map((span) => span.name))].sort()).toEqual(
    Object.values(SPANS)
      .map(({ name }) => name)
      .sort(),
  );
  expect(spans.every(({ attributes }) => attributes['messaging.system'] === 'hatchet')).toBe(true);
  expect(spans.every(({ attributes }) => attributes.instrumentor === 'hatchet')).toBe(true);
});

test('a span or attribute outside the tables is reported', () => {
  const recorder = startRecorder(new AlwaysOnSampler(), { inherits: true });
  const tracer = recorder.provider.getTracer('@hatchet-ts/sdk-otel');
  tracer.startSpan('hatchet.unknown').end();
  tracer.startSpan('hatchet.durable.memo', { attributes: { 'hatchet.payload': 'x', 'hatchet.mine': 1 } }).end();
  expect(recorder.take().flatMap(contractViolations)).toEqual([
    'hatchet.unknown is not in the span table',
    'hatchet.durable.memo has hatchet.payload = "x"',
    'hatchet.durable.memo has hatchet.mine = 1',
  ]);
});

test('every key is its name with the prefix, in both attribute tables', () => {
  for (const [name, { key }] of Object.entries(ATTRIBUTES)) {
    expect(key).toBe(`hatchet.${name}`);
    expect(HATCHET_ATTRIBUTES[name as keyof typeof HATCHET_ATTRIBUTES]).toBe(key);
  }
});

/** Calls each function of the SDK once, with all options. */
async function everything(): Promise<ReadableSpan[]> {
  const { engine, recorder, instrumentor } = worker;
  instrumentor.setConfig({ capture: { payload: true, metadata: true }, maxItemSpans: 1 });
  const additionalMetadata = { team: 'a' };
  const options = {
    additionalMetadata,
    parentId: 'parent-run',
    parentTaskRunExternalId: 'parent-task',
    childIndex: 1,
    childKey: 'key',
    desiredWorkerId: 'worker',
    sticky: 'SOFT',
    priority: 2,
  };
  const { client } = shop;
  await client.admin.runWorkflow('order', { a: 1 }, options);
  await client.admin.runWorkflows([
    { workflowName: 'order', input: {} },
    { workflowName: 'pack', input: {} },
  ]);
  const event = { additionalMetadata, priority: 2, scope: 'eu' };
  await client.events.push('paid', { a: 1 }, event);
  await client.events.bulkPush('paid', [{ payload: {} }, { payload: {} }], event);
  const later = { input: { a: 1 }, additionalMetadata, priority: 2 };
  await client.scheduled.create('order', { triggerAt: new Date(Date.now() + 1000), ...later });
  await client.crons.create('order', { name: 'nightly', expression: '0 3 * * *', ...later });
  await client.runs.cancel({ ids: ['run'] });
  await client.runs.replay({ ids: ['run'] });

  worker.durableBody = async (ctx) => {
    await ctx.now();
    await ctx.sleepFor('1s');
    await ctx.spawnChildren(['a', 'b'].map((workflow) => ({ workflow, input: {}, options: { key: workflow } })));
    return {};
  };
  const task = {
    additionalMetadata: JSON.stringify(additionalMetadata),
    workflowId: 'workflow',
    workflowVersionId: 'version',
    parentWorkflowRunId: 'parent',
    childWorkflowIndex: 0,
    childWorkflowKey: 'key',
    triggeringEventExternalId: 'event',
    triggeringEventKey: 'paid',
    taskInsertedAt: new Date(),
  };
  const first = engine.dispatch('steps:steps', { ...task, durableTaskInvocationCount: 1 });
  await engine.reported(first.taskRunExternalId, 2);
  // this worker has not seen the earlier invocation
  const replayed = engine.dispatch('steps:steps', { ...task, durableTaskInvocationCount: 2 });
  await engine.reported(replayed.taskRunExternalId, 2);
  await recorder.ended('hatchet.start_step_run', 2);
  engine.cancel(replayed);
  await recorder.ended('hatchet.cancel_step_run');
  engine.dispatch('pack:pack', {
    ...task,
    actionType: 3,
    batchId: 'batch',
    batchKey: 'eu',
    batchSize: 1,
    actionPayload: '{"a":{}}',
  });
  await recorder.ended('hatchet.start_batch_run');
  return recorder.take();
}
