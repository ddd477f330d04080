import type { Span } from '@opentelemetry/api';
import { expect, test, vi } from 'vitest';
import type { HatchetSpanInfo } from '../configuration/settings.ts';
import { captureDiag } from '../testing/telemetry.ts';
import { setUpWorker } from '../testing/worker.ts';

const START = 'hatchet.start_step_run';

const worker = await setUpWorker();
const { engine, recorder } = worker;
const { error } = captureDiag();

test('hooks get each span at its start and before its end, with the arguments of the SDK', async () => {
  const seen: unknown[] = [];
  worker.instrumentor.setConfig({
    startHook: (span, { operation, args }) => {
      span.setAttribute('error.type', 'a hook was here');
      seen.push(['start', operation, args]);
    },
    endHook: (span, { operation }, thrown) => {
      expect(span.isRecording()).toBe(true);
      seen.push(['end', operation, thrown]);
    },
  });
  await engine.client.events.push('paid', { a: 1 });
  expect(seen).toEqual([
    ['start', 'push_event', ['paid', { a: 1 }]],
    ['end', 'push_event', undefined],
  ]);
  expect(recorder.take()[0]?.attributes['error.type']).toBe('a hook was here');
});

test('hooks run for each item of a bulk call', async () => {
  const seen: [string, readonly unknown[]][] = [];
  worker.instrumentor.setConfig({ endHook: (_span, { operation, args }) => seen.push([operation, args]) });
  const runs = ['a', 'b'].map((workflowName) => ({ workflowName, input: {} }));
  await engine.client.admin.runWorkflows(runs);
  expect(seen).toEqual([
    ['run_workflow', [runs[0]]],
    ['run_workflow', [runs[1]]],
    ['run_workflows', [runs]],
  ]);
});

test('the end hook of a failure gets the thrown value', async () => {
  const endHook = vi.fn<(span: Span, info: HatchetSpanInfo, thrown?: unknown) => void>();
  worker.instrumentor.setConfig({ endHook });
  const thrown = new TypeError('no');
  worker.body = () => {
    throw thrown;
  };
  engine.dispatch('work:work');
  await recorder.ended(START);
  engine.failing.add('push');
  await expect(engine.client.events.push('paid', {})).rejects.toThrow();
  expect(endHook.mock.calls.map(([, { operation }, reason]) => [operation, reason])).toEqual([
    ['start_step_run', thrown],
    ['push_event', expect.objectContaining({ message: expect.stringContaining('no push today') })],
  ]);
});

test('hooks run for every span of durable tasks, batches, cancellations, schedules and commands', async () => {
  const [started, ended] = [new Set<string>(), new Set<string>()];
  worker.instrumentor.setConfig({
    startHook: (_span, { operation }) => void started.add(operation),
    endHook: (_span, { operation }) => void ended.add(operation),
  });
  worker.durableBody = async (ctx) => {
    await ctx.now();
    await ctx.sleepFor('1s');
    await ctx.spawnChildren([
      { workflow: 'a', input: {} },
      { workflow: 'b', input: {} },
    ]);
    return {};
  };
  engine.dispatch('steps:steps', { durableTaskInvocationCount: 1 });
  await recorder.ended(START);
  engine.dispatch('pack:pack', { actionType: 3, batchId: 'b', batchSize: 1, actionPayload: '{}' });
  await recorder.ended('hatchet.start_batch_run');
  const action = engine.dispatch('work:work');
  await recorder.ended(START, 2);
  engine.cancel(action);
  await recorder.ended('hatchet.cancel_step_run');
  await engine.client.events.bulkPush('paid', [{ payload: {} }]);
  await engine.client.scheduled.create('report', { triggerAt: new Date(Date.now() + 1000) });
  await engine.client.crons.create('report', { name: 'n', expression: '* * * * *' });
  await engine.client.runs.cancel({ ids: [] });
  await engine.client.runs.replay({ ids: [] });
  const { SPANS } = await import('../tables/spans.ts');
  expect([...started].sort()).toEqual(Object.keys(SPANS).sort());
  expect([...ended].sort()).toEqual(Object.keys(SPANS).sort());
});

test('a configured function that throws or rejects is reported once and changes nothing', async () => {
  const broken = () => {
    throw new Error('mine');
  };
  const rejecting = () => Promise.reject(new Error('mine too'));
  worker.instrumentor.setConfig({ spanName: broken, startHook: rejecting, endHook: broken, relation: broken });
  const before = { a: 1 };
  for (let i = 0; i < 3; i++) await engine.client.events.push('paid', before);
  const additionalMetadata = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
  const action = engine.dispatch('work:work', { additionalMetadata });
  await recorder.ended(START);
  expect(recorder.named('hatchet.push_event')).toHaveLength(3);
  expect(recorder.named(START)[0]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect((await engine.reported(action.taskRunExternalId, 2)).eventPayload).toBe('{}');
  expect(error.mock.calls.map(([text]) => text)).toEqual([
    expect.stringContaining('spanName failed'),
    expect.stringContaining('startHook failed'),
  ]); // one function is reported once, whatever it is used for
});
