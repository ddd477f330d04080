import type { RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { describe, expect, test } from 'vitest';
import { advance, MOST_LOST_WORKERS, type RunEvent, type RunState, retryDelayMs } from './state.ts';

const NOW = 100_000;

function step(name: string, parents: number[] = [], more: Partial<Step> = {}): Step {
  return {
    id: `step-${name}`,
    name,
    action: `wf:${name}`,
    kind: 'task',
    parents,
    timeout: { ms: 60_000, text: '60s' },
    scheduleTimeout: { ms: 300_000, text: '5m' },
    retries: 0,
    slots: { default: 1 },
    ...more,
  };
}

function state(steps: Step[], tasks: Partial<TaskRow>[]): RunState {
  const run = { id: 'run', status: 'RUNNING', createdAt: 0, replayedAt: null, finishedAt: null } as RunRow;
  const rows = steps.map(
    ({ name, action }, position): TaskRow => ({
      id: name,
      runId: 'run',
      tenantId: 'tenant',
      step: position,
      name,
      action,
      affinity: '',
      firstAttempt: 0,
      status: 'WAITING',
      retryCount: 0,
      retriesUsed: 0,
      workerId: null,
      createdAt: 0,
      queuedAt: null,
      assignedAt: null,
      startedAt: null,
      finishedAt: null,
      dueAt: null,
      invocationCount: null,
      ...tasks[position],
    }),
  );
  return { run, tasks: rows, steps };
}

const RUNNING: Partial<TaskRow> = {
  status: 'RUNNING',
  workerId: 'w',
  queuedAt: 10,
  assignedAt: 20,
  startedAt: 30,
  dueAt: NOW,
};
const completed = (taskId: string, retryCount = 0): RunEvent => ({
  kind: 'completed',
  taskId,
  retryCount,
  output: '1',
});
const failed = (taskId: string, retryCount = 0, mayRetry = true): RunEvent => ({
  kind: 'failed',
  taskId,
  retryCount,
  error: 'boom',
  mayRetry,
});

/** Statuses after an event, and the kinds of its effects. */
function after(before: RunState, event: RunEvent, at = NOW): { tasks: string; run: string; effects: string[] } {
  const result = advance(before, event, at);
  return {
    tasks: result.state.tasks.map(({ name, status }) => `${name}=${status}`).join(' '),
    run: result.state.run.status,
    effects: result.effects.map(({ kind }) => kind),
  };
}

describe('a run of one task', () => {
  test('completes with its task', () => {
    const result = advance(state([step('a')], [RUNNING]), completed('a'), NOW);
    expect(result.tasks).toMatchObject([{ id: 'a', status: 'COMPLETED', output: '1', finishedAt: NOW, dueAt: null }]);
    expect(result.run).toEqual({ id: 'run', status: 'COMPLETED', finishedAt: NOW });
    expect(result.effects).toMatchObject([
      { kind: 'attempt-ended', outcome: 'completed', task: { startedAt: 30, workerId: 'w' } },
      { kind: 'run-ended', outcome: 'completed' },
    ]);
  });

  test('fails with its task, and with the message of its error', () => {
    const event = { ...failed('a'), error: '{"message":"no paper","stack":"…"}' } as RunEvent;
    const result = advance(state([step('a')], [RUNNING]), event, NOW);
    expect(result.run?.status).toBe('FAILED');
    expect(result.effects.at(-1)).toMatchObject({ kind: 'run-ended', outcome: 'failed', error: 'no paper' });
  });

  test.each([
    ['a report on another attempt', RUNNING, completed('a', 1)],
    ['a report on a task that is over', { ...RUNNING, status: 'COMPLETED' as const }, failed('a')],
    ['a report on a task that waits again', { status: 'QUEUED' as const }, completed('a')],
    ['a report on a task of another run', RUNNING, completed('b')],
    ['a timer that was set anew', { ...RUNNING, dueAt: NOW + 1 }, { kind: 'due' as const, taskId: 'a', retryCount: 0 }],
    [
      'a worker’s cancellation of an earlier attempt',
      { ...RUNNING, retryCount: 1 },
      { kind: 'cancelled' as const, taskId: 'a', retryCount: 0 },
    ],
  ])('is not changed by %s', (_, task, event) => {
    const before = state([step('a')], [task]);
    const result = advance(before, event, NOW);
    expect(result).toMatchObject({ tasks: [], effects: [] });
    expect(result.state.tasks).toEqual(before.tasks);
  });

  test('ends only once', () => {
    const once = advance(state([step('a')], [RUNNING]), completed('a'), NOW);
    expect(advance(once.state, { kind: 'cancelled' }, NOW).effects).toEqual([]);
  });
});

describe('a failed attempt', () => {
  const retrying = (more: Partial<Step> = {}) => [step('a', [], { retries: 1, ...more })];

  test('is queued again at once without back-off', () => {
    const result = advance(state(retrying(), [RUNNING]), failed('a'), NOW);
    expect(result.tasks).toMatchObject([
      {
        status: 'QUEUED',
        retryCount: 1,
        retriesUsed: 1,
        workerId: null,
        startedAt: null,
        queuedAt: NOW,
        dueAt: NOW + 300_000,
      },
    ]);
    expect(result.run).toBeUndefined();
  });

  test('waits for its back-off, and is queued from the end of it', () => {
    const backoff = { factor: 3, maxSeconds: 10 };
    const waiting = advance(state(retrying({ backoff }), [RUNNING]), failed('a'), NOW);
    expect(waiting.tasks).toMatchObject([{ status: 'BACKOFF', retryCount: 1, dueAt: NOW + 3_000 }]);
    const due = advance(waiting.state, { kind: 'due', taskId: 'a', retryCount: 1 }, NOW + 3_500);
    expect(due.tasks).toMatchObject([{ status: 'QUEUED', retryCount: 1, queuedAt: NOW + 3_000 }]);
  });

  test('fails the task if its retries are used up or the error is not retryable', () => {
    expect(after(state(retrying(), [{ ...RUNNING, retryCount: 1, retriesUsed: 1 }]), failed('a', 1)).run).toBe(
      'FAILED',
    );
    expect(after(state(retrying(), [RUNNING]), failed('a', 0, false)).run).toBe('FAILED');
  });

  test('by a timeout is stopped, and retried like any other', () => {
    const due: RunEvent = { kind: 'due', taskId: 'a', retryCount: 0 };
    const result = advance(state(retrying(), [RUNNING]), due, NOW);
    expect(result.effects[0]).toMatchObject({
      kind: 'attempt-ended',
      outcome: 'timed_out',
      stopReason: 'timed_out',
      error: 'Task exceeded timeout of 60s',
    });
    expect(result.tasks).toMatchObject([{ status: 'QUEUED', retriesUsed: 1 }]);
  });
});

describe('a lost worker', () => {
  const lost = (retryCount = 0): RunEvent => ({ kind: 'worker-lost', taskId: 'a', retryCount, error: 'gone' });

  test('does not count as a retry of its task', () => {
    const result = advance(state([step('a')], [RUNNING]), lost(), NOW);
    expect(result.tasks).toMatchObject([{ status: 'QUEUED', retryCount: 1, retriesUsed: 0 }]);
    expect(result.effects[0]).toMatchObject({ kind: 'attempt-ended', stopReason: 'lost' });
  });

  test('fails the task after too many repetitions', () => {
    const task = { ...RUNNING, retryCount: MOST_LOST_WORKERS + 2, retriesUsed: 2 };
    expect(after(state([step('a')], [task]), lost(task.retryCount)).run).toBe('FAILED');
  });

  test('is assumed if the start of a task is not reported', () => {
    const due: RunEvent = { kind: 'due', taskId: 'a', retryCount: 0 };
    const result = advance(state([step('a')], [{ ...RUNNING, startedAt: null }]), due, NOW);
    expect(result.tasks).toMatchObject([{ status: 'QUEUED', retryCount: 1, retriesUsed: 0 }]);
  });
});

test('a task that exceeds its schedule timeout is cancelled with the reason', () => {
  const due: RunEvent = { kind: 'due', taskId: 'a', retryCount: 0 };
  const result = advance(state([step('a')], [{ status: 'QUEUED', dueAt: NOW }]), due, NOW);
  expect(result.tasks).toMatchObject([
    { status: 'CANCELLED', error: expect.stringContaining('schedule timeout of 5m'), endReason: 'not_scheduled' },
  ]);
  expect(result.effects).toMatchObject([
    { kind: 'given-up', task: { id: 'a', status: 'QUEUED' }, at: NOW },
    { kind: 'run-ended', outcome: 'cancelled' },
  ]);
  expect(result.run?.status).toBe('CANCELLED');
});

describe('a DAG', () => {
  const diamond = [step('a'), step('b', [0]), step('c', [0]), step('d', [1, 2])];

  test('queues tasks whose parents have completed', () => {
    expect(after(state(diamond, [RUNNING]), completed('a'))).toEqual({
      tasks: 'a=COMPLETED b=QUEUED c=QUEUED d=WAITING',
      run: 'RUNNING',
      effects: ['attempt-ended', 'queued', 'timer', 'queued', 'timer'],
    });
    const halfway = state(diamond, [{ status: 'COMPLETED' }, RUNNING, { status: 'COMPLETED' }]);
    expect(after(halfway, completed('b')).tasks).toBe('a=COMPLETED b=COMPLETED c=COMPLETED d=QUEUED');
  });

  test('cancels the descendants of a failed task, and lets the other branch finish', () => {
    const both = state(diamond, [{ status: 'COMPLETED' }, RUNNING, RUNNING]);
    expect(after(both, failed('b'))).toMatchObject({
      tasks: 'a=COMPLETED b=FAILED c=RUNNING d=CANCELLED',
      run: 'RUNNING',
    });
  });

  test('cancels a whole chain at once', () => {
    const chain = [step('a'), step('b', [0]), step('c', [1])];
    expect(after(state(chain, [RUNNING]), failed('a'))).toMatchObject({
      tasks: 'a=FAILED b=CANCELLED c=CANCELLED',
      run: 'FAILED',
    });
  });

  test('is cancelled as a whole, with stops for the running tasks', () => {
    const result = advance(state(diamond, [{ status: 'COMPLETED' }, RUNNING]), { kind: 'cancelled' }, NOW);
    expect(result.state.tasks.map(({ status }) => status)).toEqual([
      'COMPLETED',
      'CANCELLED',
      'CANCELLED',
      'CANCELLED',
    ]);
    expect(result.effects).toMatchObject([
      { kind: 'attempt-ended', stopReason: 'cancelled', task: { id: 'b' } },
      { kind: 'run-ended', outcome: 'cancelled' },
    ]);
  });

  test('has no stop for an attempt whose cancellation its worker reported', () => {
    const [first] = state(diamond, [RUNNING]).tasks;
    const { retryCount } = first!;
    const result = advance(state(diamond, [RUNNING]), { kind: 'cancelled', taskId: 'a', retryCount }, NOW);
    expect(result.effects[0]).toMatchObject({ kind: 'attempt-ended', outcome: 'cancelled', task: { id: 'a' } });
    expect(result.effects[0]).not.toHaveProperty('stopReason');
  });

  test('continues without the branch of an individually cancelled task', () => {
    const result = after(state(diamond, [{ status: 'COMPLETED' }, RUNNING, RUNNING]), {
      kind: 'cancelled',
      taskId: 'b',
    });
    expect(result).toMatchObject({ tasks: 'a=COMPLETED b=CANCELLED c=RUNNING d=CANCELLED', run: 'RUNNING' });
  });
});

describe('an on-failure task', () => {
  const steps = [step('a'), step('b', [0]), step('oops', [], { kind: 'on-failure' })];

  test('runs once all others have ended and one has failed; the run then counts as failed', () => {
    const first = advance(state(steps, [RUNNING]), failed('a'), NOW);
    expect(first.state.tasks.map(({ status }) => status)).toEqual(['FAILED', 'CANCELLED', 'QUEUED']);
    const tasks = first.state.tasks.map((task) => (task.name === 'oops' ? { ...task, ...RUNNING } : task));
    expect(after({ ...first.state, tasks: tasks as TaskRow[] }, completed('oops'))).toMatchObject({ run: 'FAILED' });
  });

  test('is skipped if nothing failed or the run was cancelled', () => {
    const last = state(steps, [{ status: 'COMPLETED' }, RUNNING]);
    expect(after(last, completed('b'))).toMatchObject({
      tasks: 'a=COMPLETED b=COMPLETED oops=SKIPPED',
      run: 'COMPLETED',
    });
    expect(after(last, { kind: 'cancelled' }).tasks).toBe('a=COMPLETED b=CANCELLED oops=CANCELLED');
  });
});

describe('a durable task', () => {
  const waiting = (more: Partial<TaskRow> = {}) => state([step('a')], [{ ...RUNNING, invocationCount: 2, ...more }]);
  const evicted: RunEvent = { kind: 'evicted', taskId: 'a', invocation: 2, seenAnswers: 3 };

  test('that is evicted has neither worker nor timer, and its run continues', () => {
    const { tasks, run, effects } = advance(waiting(), evicted, NOW);
    expect(run).toBeUndefined();
    expect(tasks).toMatchObject([{ status: 'EVICTED', workerId: null, dueAt: null, retryCount: 0, seenAnswers: 3 }]);
    expect(effects).toMatchObject([{ kind: 'attempt-ended', outcome: 'evicted' }]);
    expect(effects[0]).not.toHaveProperty('stopReason');
  });

  test('is evicted only in its current invocation', () => {
    expect(advance(waiting({ invocationCount: 3 }), evicted, NOW).tasks).toEqual([]);
    expect(advance(waiting({ status: 'COMPLETED' }), evicted, NOW).tasks).toEqual([]);
  });

  test('is queued again when restored, in the same attempt', () => {
    const resting = waiting({ status: 'EVICTED', workerId: null, dueAt: null, retryCount: 1 });
    const { tasks, effects } = advance(resting, { kind: 'restored', taskId: 'a' }, NOW);
    expect(tasks).toMatchObject([{ status: 'QUEUED', retryCount: 1, queuedAt: NOW, dueAt: NOW + 300_000 }]);
    expect(effects).toMatchObject([{ kind: 'queued', batched: false }, { kind: 'timer' }]);
    expect(advance(waiting(), { kind: 'restored', taskId: 'a' }, NOW).tasks).toEqual([]);
  });

  test('that is evicted can be cancelled without a stop', () => {
    const { tasks, run, effects } = advance(waiting({ status: 'EVICTED' }), { kind: 'cancelled' }, NOW);
    expect(tasks).toMatchObject([{ status: 'CANCELLED' }]);
    expect(run).toMatchObject({ status: 'CANCELLED' });
    expect(effects).toMatchObject([{ kind: 'run-ended' }]);
  });
});

test('the n-th retry is delayed by factor to the power of n seconds, up to the limit', () => {
  const backoff = { factor: 2, maxSeconds: 5 };
  expect([1, 2, 3, 50].map((n) => retryDelayMs({ backoff }, n))).toEqual([2_000, 4_000, 5_000, 5_000]);
});

test('a retry without back-off is immediate', () => {
  expect(retryDelayMs({}, 3)).toBe(0);
});
