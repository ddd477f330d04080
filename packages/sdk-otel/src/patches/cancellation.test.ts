import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { ids } from '../testing/recorder.ts';
import { setUpWorker } from '../testing/worker.ts';

const additionalMetadata = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
const START = 'hatchet.start_step_run';
const CANCEL = 'hatchet.cancel_step_run';

const worker = await setUpWorker();
const { engine, recorder } = worker;

const untilAborted = ({ abortController: { signal } }: { abortController: AbortController }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a cancellation is in the trace of the attempt and linked to it; neither is an error', async () => {
  worker.body = untilAborted;
  const action = engine.dispatch('work:work', { additionalMetadata });
  await engine.reported(action.taskRunExternalId, 1);
  engine.cancel({ ...action, additionalMetadata: undefined });
  const [attempt] = await recorder.ended(START);
  const [cancel] = await recorder.ended(CANCEL);
  expect(recorder.picture()).toBe(
    [
      '(missing parent)',
      '├─ hatchet.cancel_step_run work · test · CONSUMER',
      '│     ↗ link to hatchet.start_step_run work',
      '└─ hatchet.start_step_run work · test · CONSUMER · cancelled',
      '      ↗ link to a span that is not here',
    ].join('\n'),
  );
  expect(attempt?.status.code).toBe(SpanStatusCode.UNSET);
  expect(cancel?.attributes).toMatchObject({
    'hatchet.step_run_id': action.taskRunExternalId,
    'messaging.operation.name': 'cancel',
  });
});

test('a cancellation of a task that started a trace is in that trace', async () => {
  worker.body = untilAborted;
  const action = engine.dispatch('work:work');
  await engine.reported(action.taskRunExternalId, 1);
  engine.cancel(action);
  const [cancel] = await recorder.ended(CANCEL);
  const [attempt] = await recorder.ended(START);
  expect(ids(cancel!.parentSpanContext!)).toBe(ids(attempt!.spanContext()));
});

test('a cancellation with the reason timed_out ends the attempt as timed out, an error', async () => {
  worker.body = untilAborted;
  const action = engine.dispatch('work:work');
  await engine.reported(action.taskRunExternalId, 1);
  engine.cancel(action, '{"reason":"timed_out"}');
  const [attempt] = await recorder.ended(START);
  expect(attempt?.status.code).toBe(SpanStatusCode.ERROR);
  expect(attempt?.attributes).toMatchObject({ 'hatchet.outcome': 'timed_out', 'error.type': 'timeout' });
  await recorder.ended(CANCEL);
});

test('after a cancellation that the task ignores, the span lasts as long as the task', async () => {
  let finish: () => void = () => undefined;
  worker.body = async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    recorder.provider.getTracer('user').startSpan('late').end();
    return {};
  };
  const action = engine.dispatch('work:work');
  await engine.reported(action.taskRunExternalId, 1);
  engine.cancel(action);
  // the SDK drops the task after its grace period
  while (worker.worker._internal.contexts[`${action.taskRunExternalId}/0`]) await new Promise(setImmediate);
  await engine.client.events.push('meanwhile', {});
  expect(recorder.named(START)).toEqual([]);
  finish();
  const [attempt] = await recorder.ended(START);
  const [late] = recorder.named('late');
  expect(attempt?.attributes['hatchet.outcome']).toBe('cancelled');
  expect(late?.parentSpanContext?.spanId).toBe(attempt?.spanContext().spanId);
  await recorder.ended(CANCEL);
});

test('a cancellation by the task itself is not an error', async () => {
  worker.body = (ctx) => ctx.cancel();
  engine.dispatch('work:work');
  const [attempt] = await recorder.ended(START);
  expect(attempt?.attributes['hatchet.outcome']).toBe('cancelled');
  expect(attempt?.status.code).toBe(SpanStatusCode.UNSET);
});
