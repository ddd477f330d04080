import { afterEach, describe, expect, test } from 'vitest';
import { startRecorder } from '../testing/recorder.ts';
import { createTelemetry } from '../testing/telemetry.ts';
import { prepareCancel } from './cancellation.ts';
import { prepareTask } from './task.ts';
import { type TaskAction, type TaskWorker, taskFacts, taskValues, workflowNameOf } from './task-facts.ts';

const recorder = startRecorder();
afterEach(() => void recorder.take());

const action: TaskAction = {
  tenantId: 't',
  workflowRunId: 'run',
  taskId: 'step',
  taskRunExternalId: 'task',
  taskName: 'Charge',
  jobName: 'Charge',
  actionId: 'order:charge',
  actionPayload: '',
  retryCount: 0,
  priority: 1,
};
const worker: TaskWorker = {
  id: 'w',
  name: 'worker',
  client: undefined,
  registered: true,
  gracePeriod: 1,
  findTask: () => ({}),
};
test('the workflow name is the part of the action id before the last colon', () => {
  expect(workflowNameOf({ actionId: 'a:b:c', jobName: 'c' })).toBe('a:b');
  expect(workflowNameOf({ actionId: 'plain', jobName: 'job' })).toBe('job');
});

describe('the time in the queue', () => {
  const queued = (more: Partial<TaskAction>) =>
    taskValues(taskFacts({ ...action, taskInsertedAt: new Date(1000), ...more }, worker, 1250)).hatchet.queue_time_ms;

  test('is the time from creation to now, never negative', () => {
    expect(queued({})).toBe(250);
    expect(queued({ taskInsertedAt: new Date(2000) })).toBe(0);
  });

  test('exists only for the first attempt, and only if the engine sends the time of creation', () => {
    expect(queued({ retryCount: 1 })).toBeUndefined();
    expect(queued({ durableTaskInvocationCount: 2 })).toBeUndefined();
    expect(queued({ durableTaskInvocationCount: 1 })).toBe(250);
    expect(queued({ taskInsertedAt: undefined })).toBeUndefined();
    expect(queued({ taskInsertedAt: new Date(Number.NaN) })).toBeUndefined();
  });
});

describe('a task that ignores its cancellation', () => {
  const aborted = { aborted: true, reason: { reason: 'cancelled' } };
  const endCancelled = (work: Promise<unknown>) => {
    const kit = createTelemetry(recorder);
    const call = prepareTask<[], Promise<unknown>>(kit, [], action, {
      ...worker,
      findTask: () => ({ signal: aborted, work }),
    });
    kit.attempts.find('task', 0)?.observe?.();
    call?.onSuccess?.(undefined);
  };

  test('keeps its span open for the grace period and no longer', async () => {
    endCancelled(new Promise(() => undefined));
    expect(recorder.take()).toEqual([]);
    const [span] = await recorder.ended('hatchet.start_step_run');
    expect(span?.attributes['hatchet.outcome']).toBe('cancelled');
  });

  test('may throw after it, without an unhandled rejection or a recorded exception', async () => {
    endCancelled(Promise.reject(new Error('too late')));
    expect((await recorder.ended('hatchet.start_step_run'))[0]?.events).toEqual([]);
  });
});

test('of an ended attempt, only ids are kept', () => {
  const kit = createTelemetry(recorder);
  const call = prepareTask<[], Promise<unknown>>(kit, [], action, worker);
  call?.onSuccess?.(undefined);
  const { observe, work, signal } = kit.attempts.find('task', 0)!;
  expect([observe, work, signal]).toEqual([undefined, undefined, undefined]);
});

test('a cancellation after the end is linked to the attempt', () => {
  const kit = createTelemetry(recorder);
  prepareTask<[], Promise<unknown>>(kit, [], action, worker)?.onSuccess?.(undefined);
  prepareCancel<[], Promise<void>>(kit, [], action, worker).onSuccess?.(undefined);
  expect(recorder.picture()).toBe(
    [
      'hatchet.start_step_run order/Charge · test · CONSUMER · completed',
      '└─ hatchet.cancel_step_run order/Charge · test · CONSUMER',
      '      ↗ link to hatchet.start_step_run order/Charge',
    ].join('\n'),
  );
});

test('a cancellation of a task that this worker never ran is in the trace of its metadata', () => {
  const additionalMetadata = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
  prepareCancel<[], Promise<void>>(
    createTelemetry(recorder),
    [],
    { ...action, additionalMetadata },
    worker,
  ).onSuccess?.(undefined);
  const [cancel] = recorder.take();
  expect(cancel?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(cancel?.links).toEqual([]);
});
