import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, test, vi } from 'vitest';
import { ids } from '../testing/recorder.ts';
import { hastenRetries } from '../testing/retries.ts';
import { setUpWorker } from '../testing/worker.ts';

const BATCH = 'hatchet.start_batch_run';
const ITEMS = ['task-1', 'task-2'];
const traceparent = (n: number) => `00-${`${n}`.repeat(32)}-${`${n}`.repeat(16)}-01`;

const worker = await setUpWorker();
const { engine, recorder } = worker;

const dispatch = (additionalMetadata?: object, more: Partial<AssignedAction> = {}) =>
  engine.dispatch('pack:pack', {
    actionType: 3,
    workflowRunId: '',
    taskRunExternalId: '',
    batchId: 'batch-1',
    batchKey: 'eu',
    batchSize: 2,
    actionPayload: JSON.stringify(
      Object.fromEntries(ITEMS.map((id) => [id, { payload: { input: { id } }, workflow_run_id: id }])),
    ),
    additionalMetadata: additionalMetadata && JSON.stringify(additionalMetadata),
    ...more,
  });
const each = () => Object.fromEntries(ITEMS.map((id) => [id, {}]));

test("a batch is a consumer with a link to the context of each item and the user's spans below it", async () => {
  worker.batchBody = (items) => {
    expect(Object.keys(items)).toEqual(ITEMS);
    recorder.provider.getTracer('user').startSpan('ask the bank').end();
    return each();
  };
  const action = dispatch({ hatchet__item_traceparents: [traceparent(1), traceparent(2), 'not one', traceparent(1)] });
  const [span] = await recorder.ended(BATCH);
  expect(recorder.picture()).toBe(
    [
      'hatchet.start_batch_run · test · CONSUMER · completed',
      '│  ↗ link to a span of another trace that is not here',
      '│  ↗ link to a span of another trace that is not here',
      '└─ ask the bank · test',
    ].join('\n'),
  );
  expect(span?.links.map((link) => ids(link.context))).toEqual([1, 2].map((n) => traceparent(n).slice(3, -3)));
  expect(span?.attributes).toEqual({
    instrumentor: 'hatchet',
    'hatchet.tenant_id': action.tenantId,
    'hatchet.worker_id': '11111111-1111-4111-8111-111111111111',
    'hatchet.workflow_name': 'pack',
    'hatchet.action_name': 'pack:pack',
    'hatchet.step_name': 'pack',
    'hatchet.batch_id': 'batch-1',
    'hatchet.batch_key': 'eu',
    'hatchet.batch_size': 2,
    'hatchet.outcome': 'completed',
    'messaging.system': 'hatchet',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'pack',
    'messaging.batch.message_count': 2,
    'messaging.client.id': 'worker-1',
  });
});

describe('a batch from Hatchet’s own engine, which sends no name, size or contexts', () => {
  const asHatchet = (more: Partial<AssignedAction> = {}) =>
    dispatch(undefined, { taskName: '', jobName: '', batchSize: undefined, ...more });

  test('starts a trace, with the name from its action and the size that the engine expects', async () => {
    worker.batchBody = each;
    asHatchet({ batchStartPayload: { triggerReason: 'max_size', triggerTime: undefined, expectedSize: 2 } });
    const [span] = await recorder.ended(BATCH);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.links).toEqual([]);
    expect(span?.attributes).toMatchObject({
      'hatchet.step_name': 'pack',
      'hatchet.batch_size': 2,
      'messaging.batch.message_count': 2,
    });
  });

  test('without an expected size has the number of its items', async () => {
    worker.batchBody = each;
    asHatchet();
    const [span] = await recorder.ended(BATCH);
    expect(span?.attributes['hatchet.batch_size']).toBe(2);
  });
});

test('a cancellation of a member is in the trace of the batch and linked to it', async () => {
  const started = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  worker.batchBody = async () => {
    started.resolve();
    await cancelled.promise;
    return each();
  };
  const batch = dispatch();
  await started.promise;
  engine.cancel({ ...batch, batchId: undefined, taskRunExternalId: ITEMS[1]!, retryCount: 1 });
  await recorder.ended('hatchet.cancel_step_run');
  cancelled.resolve();
  await recorder.ended(BATCH);
  expect(recorder.picture()).toBe(
    [
      'hatchet.start_batch_run · test · CONSUMER · completed',
      '└─ hatchet.cancel_step_run pack (retry 1) · test · CONSUMER',
      '      ↗ link to hatchet.start_batch_run',
    ].join('\n'),
  );
});

test('a batch that throws is an error', async () => {
  worker.batchBody = () => {
    throw new TypeError('no boxes');
  };
  dispatch();
  const [span] = await recorder.ended(BATCH);
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no boxes' });
  expect(span?.attributes).toMatchObject({ 'error.type': 'TypeError', 'hatchet.outcome': 'failed' });
});

test('a batch whose results do not match its items is an error', async () => {
  worker.batchBody = () => ['a list'];
  dispatch();
  const [span] = await recorder.ended(BATCH);
  expect(span?.status.code).toBe(SpanStatusCode.ERROR);
  expect(span?.status.message).toContain('keyed by batch member id');
});

test('a batch that cancels itself is cancelled, not an error', async () => {
  worker.batchBody = (_items, ctx) => ctx.cancel();
  dispatch();
  const [span] = await recorder.ended(BATCH);
  expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  expect(span?.attributes['hatchet.outcome']).toBe('cancelled');
});

test('a batch whose report does not arrive is an error; the outcome stays the same', async () => {
  hastenRetries();
  engine.failing.add('completed');
  worker.batchBody = each;
  dispatch();
  const [span] = await recorder.ended(BATCH);
  vi.restoreAllMocks();
  expect(span?.status.message).toContain('no completed today');
  expect(span?.events).toHaveLength(1);
  expect(span?.attributes['hatchet.outcome']).toBe('completed');
});

test('a batch without a handler is an error', async () => {
  engine.dispatch('pack:unknown', { actionType: 3, batchId: 'batch-2', batchSize: 1, actionPayload: '{}' });
  const [span] = await recorder.ended(BATCH);
  expect(span?.attributes).toMatchObject({ 'error.type': 'unknown_action', 'hatchet.outcome': 'failed' });
});
