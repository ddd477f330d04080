import { afterEach, describe, expect, test } from 'vitest';
import { AttemptMemory } from './attempts.ts';
import { cancelling } from './cancelling.ts';
import { processing, type RunningTask, taskValues } from './processing.ts';
import { settingsOf } from './settings.ts';
import { type TaskAction, type TaskHost, workflowNameOf } from './task-action.ts';
import type { Telemetry } from './telemetry.ts';
import { startRecorder } from './testing/recorder.ts';

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
const host: TaskHost = {
  workerId: 'w',
  workerName: 'worker',
  client: undefined,
  registered: true,
};
const task: RunningTask = { gracePeriod: 1, find: () => ({}) };
const telemetry = (): Telemetry => ({
  enabled: true,
  tracing: true,
  metrics: undefined,
  workers: new Set(),
  flush: async () => undefined,
  tracer: recorder.provider.getTracer('test'),
  settings: settingsOf({}, {}),
  attempts: new AttemptMemory(),
});

test('the workflow is the first part of the action, which may have colons of its own', () => {
  expect(workflowNameOf({ actionId: 'a:b:c', jobName: 'c' })).toBe('a:b');
  expect(workflowNameOf({ actionId: 'plain', jobName: 'job' })).toBe('job');
});

describe('the time in the queue', () => {
  const queued = (more: Partial<TaskAction>) =>
    taskValues({ ...action, taskInsertedAt: new Date(1000), ...more }, host, 1250).hatchet.queue_time_ms;

  test('is from creation to now, never negative', () => {
    expect(queued({})).toBe(250);
    expect(queued({ taskInsertedAt: new Date(2000) })).toBe(0);
  });

  test('is only known for the first attempt, and when the engine said when the task was created', () => {
    expect(queued({ retryCount: 1 })).toBeUndefined();
    expect(queued({ durableTaskInvocationCount: 2 })).toBeUndefined();
    expect(queued({ durableTaskInvocationCount: 1 })).toBe(250);
    expect(queued({ taskInsertedAt: undefined })).toBeUndefined();
    expect(queued({ taskInsertedAt: new Date(Number.NaN) })).toBeUndefined();
  });
});

describe('a task that ignores its cancellation', () => {
  const aborted = { aborted: true, reason: { reason: 'cancelled' } };
  const stopped = (work: Promise<unknown>) => {
    const kit = telemetry();
    const call = processing<[], Promise<unknown>>(kit, [], action, host, {
      ...task,
      find: () => ({ signal: aborted, work }),
    });
    kit.attempts.find('task', 0)?.observe?.();
    call?.succeeded?.(undefined);
  };

  test('keeps its span open for the grace period, and no longer', async () => {
    stopped(new Promise(() => undefined));
    expect(recorder.take()).toEqual([]);
    const [span] = await recorder.ended('hatchet.start_step_run');
    expect(span?.attributes['hatchet.outcome']).toBe('cancelled');
  });

  test('may throw at last: nobody sees that but its span', async () => {
    stopped(Promise.reject(new Error('too late')));
    expect((await recorder.ended('hatchet.start_step_run'))[0]?.events).toEqual([]);
  });
});

test('what the memory keeps of an ended attempt is ids', () => {
  const kit = telemetry();
  const call = processing<[], Promise<unknown>>(kit, [], action, host, task);
  call?.succeeded?.(undefined);
  const { observe, work, signal } = kit.attempts.find('task', 0)!;
  expect([observe, work, signal]).toEqual([undefined, undefined, undefined]);
});

test('a cancellation that arrives after the end still finds the attempt', () => {
  const kit = telemetry();
  processing<[], Promise<unknown>>(kit, [], action, host, task)?.succeeded?.(undefined);
  cancelling<[], Promise<void>>(kit, [], action, host).succeeded?.(undefined);
  expect(recorder.picture()).toBe(
    [
      'hatchet.start_step_run order/Charge · test · CONSUMER · completed',
      '└─ hatchet.cancel_step_run order/Charge · test · CONSUMER',
      '      ↗ link to hatchet.start_step_run order/Charge',
    ].join('\n'),
  );
});

test('a cancellation of a task that this worker never had is in the trace of its metadata', () => {
  const additionalMetadata = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
  cancelling<[], Promise<void>>(telemetry(), [], { ...action, additionalMetadata }, host).succeeded?.(undefined);
  const [cancel] = recorder.take();
  expect(cancel?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(cancel?.links).toEqual([]);
});
