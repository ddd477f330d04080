import { AlwaysOffSampler, AlwaysOnSampler, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, expectTypeOf, test } from 'vitest';
import { startRecorder } from '../testing/recorder.ts';
import { setUpWorker } from '../testing/worker.ts';
import type { HatchetSpanProcessor } from './span-processor.ts';

const START = 'hatchet.start_step_run';

const worker = await setUpWorker();
const { engine } = worker;
const recorder = startRecorder(new AlwaysOnSampler(), { inherits: true });

afterEach(() => void recorder.take());

const step = (name: string) => recorder.provider.getTracer('user').startSpan(name).end();
const identity = (attributes: object) =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => key.startsWith('hatchet.')));

test('every span inside a task has the identity of the task and no other attribute of it', async () => {
  worker.instrumentor.setTracerProvider(recorder.provider);
  worker.body = async () => {
    step('ask the bank');
    await engine.client.events.push('paid', {});
    return {};
  };
  const action = engine.dispatch('work:work', { workflowId: 'w', workflowVersionId: 'v', priority: 2 });
  await recorder.ended(START);
  const inherited = {
    'hatchet.tenant_id': action.tenantId,
    'hatchet.worker_id': '11111111-1111-4111-8111-111111111111',
    'hatchet.workflow_run_id': action.workflowRunId,
    'hatchet.step_id': action.taskId,
    'hatchet.step_run_id': action.taskRunExternalId,
    'hatchet.step_name': 'work',
    'hatchet.action_name': 'work:work',
    'hatchet.workflow_name': 'work',
    'hatchet.workflow_id': 'w',
    'hatchet.workflow_version_id': 'v',
    'hatchet.retry_count': 0,
  };
  expect(identity(recorder.named('ask the bank')[0]!.attributes)).toEqual(inherited);
  expect(identity(recorder.named('hatchet.push_event')[0]!.attributes)).toMatchObject(inherited);
});

test('attributes of the span itself stay: a run has the name of its own workflow', async () => {
  worker.instrumentor.setTracerProvider(recorder.provider);
  worker.body = async () => {
    await engine.client.admin.runWorkflow('other', {});
    return {};
  };
  engine.dispatch('work:work');
  await recorder.ended(START);
  expect(recorder.named('hatchet.run_workflow')[0]?.attributes['hatchet.workflow_name']).toBe('other');
});

test('an excluded attribute is not inherited either', async () => {
  worker.instrumentor.setTracerProvider(recorder.provider);
  worker.instrumentor.setConfig({ excludedAttributes: ['tenant_id'] });
  worker.body = () => step('ask the bank');
  engine.dispatch('work:work');
  await recorder.ended(START);
  expect(recorder.named('ask the bank')[0]?.attributes).not.toHaveProperty('hatchet.tenant_id');
});

test('the task itself need not be recorded', async () => {
  worker.instrumentor.setTracerProvider(startRecorder(new AlwaysOffSampler()).provider);
  worker.body = () => step('ask the bank');
  const action = engine.dispatch('work:work');
  const [span] = await recorder.ended('ask the bank');
  expect(span?.attributes['hatchet.step_run_id']).toBe(action.taskRunExternalId);
  await engine.reported(action.taskRunExternalId, 2);
});

test('a thousand interleaved tasks keep their own identity, and a timer of the application has none', async () => {
  worker.instrumentor.setTracerProvider(recorder.provider);
  const timer = setInterval(() => step('tick'), 1);
  worker.body = async (ctx) => {
    const { taskRunExternalId } = (ctx as unknown as { action: { taskRunExternalId: string } }).action;
    for (let i = 0; i < 3; i++) {
      await new Promise(setImmediate);
      recorder.provider
        .getTracer('user')
        .startSpan('step', { attributes: { expected: taskRunExternalId } })
        .end();
    }
    return {};
  };
  for (let i = 0; i < 1000; i++) engine.dispatch('work:work');
  await recorder.ended(START, 1000);
  clearInterval(timer);
  step('after');
  const steps = recorder.named('step');
  expect(steps).toHaveLength(3000);
  expect(steps.filter(({ attributes }) => attributes['hatchet.step_run_id'] !== attributes.expected)).toEqual([]);
  for (const span of [...recorder.named('tick'), ...recorder.named('after')]) expect(span.attributes).toEqual({});
  expect(recorder.named('tick').length).toBeGreaterThan(0);
});

test('the listener loop keeps nothing of a task', async () => {
  const { _internal } = worker.worker;
  const handleAction = _internal.handleAction.bind(_internal);
  _internal.handleAction = (action) => {
    step('in the loop');
    return handleAction(action);
  };
  for (let i = 0; i < 3; i++) {
    const action = engine.dispatch('work:work');
    await engine.reported(action.taskRunExternalId, 2);
  }
  _internal.handleAction = handleAction;
  expect(recorder.named('in the loop').map(({ attributes }) => attributes)).toEqual([{}, {}, {}]);
});

test('its type fits the SDK without a dependency on it', () => {
  expectTypeOf<HatchetSpanProcessor>().toExtend<SpanProcessor>();
});
