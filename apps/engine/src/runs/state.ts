import type { EndReason, EpochMs, RunChange, RunRow, TaskChange, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import type { StopReason } from '../messages/assigned-action.ts';
import { CANCELLED_ERROR, SKIPPED_OUTPUT, timeoutError } from '../messages/hatchet-texts.ts';
import { errorMessage } from './error-message.ts';

/** Run with all its tasks, and the steps of its workflow version. */
export interface RunState {
  run: RunRow;
  tasks: TaskRow[];
  steps: readonly Step[];
}

/** Event of a run. Reports and timers name their attempt: a stale one changes nothing. */
export type RunEvent =
  | { kind: 'completed'; taskId: string; retryCount: number; output: string }
  | { kind: 'failed'; taskId: string; retryCount: number; error: string; mayRetry: boolean }
  | { kind: 'worker-lost'; taskId: string; retryCount: number; error: string }
  /** A queued task can never run. */
  | { kind: 'rejected'; taskId: string; error: string }
  /** The task's timer expired. */
  | { kind: 'due'; taskId: string; retryCount: number }
  /** Cancels one task or the whole run; from a worker only the attempt that it names. */
  | { kind: 'cancelled'; taskId?: string; retryCount?: number }
  /** The worker evicts a waiting durable task, having received `seenAnswers` answers. */
  | { kind: 'evicted'; taskId: string; invocation: number; seenAnswers: number }
  /** An evicted task is to run again. */
  | { kind: 'restored'; taskId: string }
  /** A finished run is to run again: these tasks and their descendants, or all. */
  | { kind: 'replayed'; taskIds?: readonly string[] };

/** Event, and the run that it happens to. */
export interface RunInput {
  runId: string;
  event: RunEvent;
}

/** Outcome of an attempt or a run; the values of `hatchet.outcome`. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'evicted';

/** Result of an attempt; `stopReason` is set if its worker still has to stop it. */
export interface AttemptResult {
  output?: string;
  error?: string;
  stopReason?: StopReason;
}

/** Side effect to apply once the new state is committed. */
export type Effect =
  /** `slots` are those that the task will occupy; `batched` tasks run in batches. */
  | { kind: 'queued'; task: TaskRow; slots: Step['slots']; batched: boolean }
  | { kind: 'timer'; dueAt: EpochMs }
  /** A durable task's log waits for the result of a child again; the child may have ended. */
  | { kind: 'child-awaited'; runId: string }
  | ({ kind: 'attempt-ended'; run: RunRow; task: TaskRow; at: EpochMs; outcome: Outcome } & AttemptResult)
  /** No worker took the attempt within its schedule timeout. */
  | { kind: 'given-up'; run: RunRow; task: TaskRow; at: EpochMs; error: string }
  | { kind: 'run-ended'; run: RunRow; at: EpochMs; outcome: Outcome; error?: string };

/** Consequences of an event: rows to write and effects to apply. No rows: the event came too late. */
export interface Advance {
  state: RunState;
  tasks: TaskChange[];
  run?: RunChange;
  effects: Effect[];
}

/** Lost workers after which a task fails instead of being reassigned. */
export const MOST_LOST_WORKERS = 10;

/** State machine of a run: applies an event. Pure; the caller writes the result. */
export function advance(state: RunState, event: RunEvent, at: EpochMs): Advance {
  const draft = new Draft(state, at);
  switch (event.kind) {
    case 'completed':
      draft.attempt(event, (task) => {
        draft.endAttempt(task, 'completed', { output: event.output });
        draft.finish(task, 'COMPLETED', { output: event.output });
      });
      break;
    case 'failed':
      draft.attempt(event, (task) => {
        draft.endAttempt(task, 'failed', { error: event.error });
        draft.retryOrFail(task, event.error, event.mayRetry);
      });
      break;
    case 'worker-lost':
      draft.attempt(event, (task) => draft.reassign(task, event.error));
      break;
    case 'rejected':
      draft.reject(event);
      break;
    case 'due':
      draft.due(event);
      break;
    case 'cancelled':
      draft.cancel(event);
      break;
    case 'evicted':
      draft.evict(event);
      break;
    case 'restored':
      draft.restore(event);
      break;
    case 'replayed':
      draft.replay(event);
      break;
  }
  draft.settle();
  return draft.result();
}

/** Next state of a run under construction; works on copies, so the input is not changed. */
class Draft {
  readonly #run: RunRow;
  readonly #tasks: TaskRow[];
  readonly #steps: readonly Step[];
  readonly #at: EpochMs;
  readonly #changes = new Map<string, TaskChange>();
  readonly #effects: Effect[] = [];
  #error: string | undefined;
  #runChange: RunChange | undefined;

  constructor({ run, tasks, steps }: RunState, at: EpochMs) {
    this.#run = { ...run };
    this.#tasks = tasks.map((task) => ({ ...task }));
    this.#steps = steps;
    this.#at = at;
  }

  /** Calls `work` with the reported attempt, unless that has ended. */
  attempt({ taskId, retryCount }: { taskId: string; retryCount: number }, work: (task: TaskRow) => void): void {
    const task = this.#tasks.find(({ id }) => id === taskId);
    if (task?.status === 'RUNNING' && task.retryCount === retryCount) work(task);
  }

  endAttempt(task: TaskRow, outcome: Outcome, result: AttemptResult = {}): void {
    this.#effects.push({
      kind: 'attempt-ended',
      run: this.#run,
      task: { ...task },
      at: this.#at,
      outcome,
      ...result,
    });
  }

  finish(
    task: TaskRow,
    status: TaskRow['status'],
    result: { output?: string; error?: string; endReason?: EndReason } = {},
  ): void {
    task.status = status;
    task.finishedAt = this.#at;
    task.dueAt = null;
    if (status === 'FAILED') this.#error = result.error;
    this.#changes.set(task.id, Object.assign(task, result));
  }

  retryOrFail(task: TaskRow, error: string, mayRetry = true, endReason?: EndReason): void {
    const step = this.#step(task);
    if (!mayRetry || task.retriesUsed >= step.retries) {
      this.finish(task, 'FAILED', { error, ...(endReason && { endReason }) });
      return;
    }
    task.retriesUsed += 1;
    task.retryCount += 1;
    this.#changes.set(task.id, Object.assign(task, { error }));
    const delay = retryDelayMs(step, task.retriesUsed);
    if (delay === 0) this.#queue(task, this.#at);
    else this.#backOff(task, this.#at + delay);
  }

  /** Queues the task of a lost worker again, without counting a retry: the task is not at fault. */
  reassign(task: TaskRow, error: string): void {
    this.endAttempt(task, 'failed', { error, stopReason: 'lost' });
    if (task.retryCount - task.firstAttempt - task.retriesUsed >= MOST_LOST_WORKERS) {
      this.finish(task, 'FAILED', { error, endReason: 'worker_lost' });
      return;
    }
    task.retryCount += 1;
    this.#changes.set(task.id, Object.assign(task, { error }));
    this.#queue(task, this.#at);
  }

  reject({ taskId, error }: { taskId: string; error: string }): void {
    const task = this.#tasks.find(({ id }) => id === taskId);
    if (task?.status === 'QUEUED') this.finish(task, 'FAILED', { error });
  }

  due({ taskId, retryCount }: { taskId: string; retryCount: number }): void {
    const task = this.#tasks.find(({ id }) => id === taskId);
    // The timer may have been set again since it was read.
    if (!task || task.retryCount !== retryCount || task.dueAt === null || task.dueAt > this.#at) return;
    if (task.status === 'BACKOFF') this.#queue(task, task.dueAt);
    else if (task.status === 'QUEUED') this.#expire(task);
    else if (task.status === 'RUNNING') this.#runningDue(task);
  }

  cancel({ taskId, retryCount }: { taskId?: string; retryCount?: number }): void {
    for (const task of this.#tasks) {
      if (OVER.has(task.status) || (taskId !== undefined && task.id !== taskId)) continue;
      if (retryCount !== undefined && task.retryCount !== retryCount) continue;
      // The worker that reports the cancellation of an attempt has stopped it.
      const isReport = retryCount !== undefined;
      if (task.status === 'RUNNING') this.endAttempt(task, 'cancelled', isReport ? {} : { stopReason: 'cancelled' });
      this.finish(task, 'CANCELLED', { error: CANCELLED_ERROR });
    }
  }

  /** Takes a waiting durable task off its worker and stops its timeout; the next invocation has the full timeout again. */
  evict({ taskId, invocation, seenAnswers }: { taskId: string; invocation: number; seenAnswers: number }): void {
    const task = this.#tasks.find(({ id }) => id === taskId);
    if (task?.status !== 'RUNNING' || task.invocationCount !== invocation) return;
    this.endAttempt(task, 'evicted');
    const at = { workerId: null, queuedAt: null, assignedAt: null, startedAt: null, dueAt: null };
    this.#changes.set(task.id, Object.assign(task, at, { status: 'EVICTED' as const, seenAnswers }));
  }

  restore({ taskId }: { taskId: string }): void {
    const task = this.#tasks.find(({ id }) => id === taskId);
    if (task?.status === 'EVICTED') this.#queue(task, this.#at);
  }

  /** Resets tasks and their descendants; only of a finished run. */
  replay({ taskIds }: { taskIds?: readonly string[] }): void {
    if (!this.#tasks.every(({ status }) => OVER.has(status))) return;
    const positions = taskIds && this.#withDescendants(this.#tasks.filter(({ id }) => taskIds.includes(id)));
    const again = this.#tasks.filter(({ step }) => positions?.has(step) ?? true);
    if (again.length === 0) return;
    for (const task of again) {
      const { status: replayedFrom } = task;
      const retryCount = task.retryCount + 1;
      Object.assign(task, BEGINNING, { retryCount, firstAttempt: retryCount });
      this.#changes.set(task.id, Object.assign(task, { replayedFrom, endReason: undefined }));
    }
    Object.assign(this.#run, { status: 'QUEUED', finishedAt: null, replayedAt: this.#at });
    this.#runChange = { id: this.#run.id, status: 'QUEUED', finishedAt: null, replayedAt: this.#at };
  }

  /** Steps of these tasks and of their descendants; an on-failure task descends from all. */
  #withDescendants(tasks: readonly TaskRow[]): Set<number> {
    const positions = new Set(tasks.map(({ step }) => step));
    for (let before = 0; before !== positions.size; ) {
      before = positions.size;
      for (const [position, { parents, kind }] of this.#steps.entries()) {
        if (kind === 'on-failure' || parents.some((parent) => positions.has(parent))) positions.add(position);
      }
    }
    return positions;
  }

  /** Queues tasks that can run now, cancels those that never can, and ends the run when none is left. */
  settle(): void {
    if (this.#changes.size === 0) return;
    const isWaiting = ({ status }: TaskRow) => status === 'WAITING';
    // One task's new status may decide another's.
    while (this.#tasks.filter(isWaiting).some((task) => this.#settleWaiting(task)));
    if (this.#tasks.every(({ status }) => OVER.has(status))) this.#endRun();
  }

  result(): Advance {
    return {
      state: { run: this.#run, tasks: this.#tasks, steps: this.#steps },
      tasks: [...this.#changes.values()],
      ...(this.#runChange ? { run: this.#runChange } : {}),
      effects: this.#effects,
    };
  }

  #expire(task: TaskRow): void {
    const { text } = this.#step(task).scheduleTimeout;
    const error = `no worker took the task within its schedule timeout of ${text}`;
    this.#effects.push({ kind: 'given-up', run: this.#run, task: { ...task }, at: this.#at, error });
    this.finish(task, 'CANCELLED', { error, endReason: 'not_scheduled' });
  }

  #runningDue(task: TaskRow): void {
    if (task.startedAt === null) {
      this.reassign(task, 'the worker did not report that the task started');
      return;
    }
    const error = timeoutError(this.#step(task).timeout.text);
    this.endAttempt(task, 'timed_out', { error, stopReason: 'timed_out' });
    this.retryOrFail(task, error, true, 'timed_out');
  }

  /** @returns true if the task waits no longer. */
  #settleWaiting(task: TaskRow): boolean {
    const next = this.#step(task).kind === 'on-failure' ? this.#afterFailure(task) : this.#afterParents(task);
    if (next === 'QUEUED') this.#queue(task, this.#at);
    else if (next !== 'WAITING') this.finish(task, next, next === 'SKIPPED' ? { output: SKIPPED_OUTPUT } : {});
    return next !== 'WAITING';
  }

  #afterFailure(task: TaskRow): 'WAITING' | 'QUEUED' | 'SKIPPED' {
    const others = this.#tasks.filter((other) => other !== task);
    if (!others.every(({ status }) => OVER.has(status))) return 'WAITING';
    return others.some(({ status }) => status === 'FAILED') ? 'QUEUED' : 'SKIPPED';
  }

  #afterParents(task: TaskRow): 'WAITING' | 'QUEUED' | 'CANCELLED' {
    const { parents } = this.#step(task);
    const statuses = this.#tasks.filter(({ step }) => parents.includes(step)).map(({ status }) => status);
    if (statuses.every((status) => status === 'COMPLETED')) return 'QUEUED';
    return statuses.some((status) => OVER.has(status) && status !== 'COMPLETED') ? 'CANCELLED' : 'WAITING';
  }

  #backOff(task: TaskRow, dueAt: EpochMs): void {
    Object.assign(task, {
      status: 'BACKOFF',
      workerId: null,
      queuedAt: null,
      assignedAt: null,
      startedAt: null,
      dueAt,
    });
    this.#effects.push({ kind: 'timer', dueAt });
  }

  #queue(task: TaskRow, from: EpochMs): void {
    const { scheduleTimeout, slots, batch } = this.#step(task);
    const dueAt = this.#at + scheduleTimeout.ms;
    Object.assign(task, { status: 'QUEUED', workerId: null, queuedAt: from, assignedAt: null, startedAt: null, dueAt });
    this.#changes.set(task.id, task);
    const queued = { kind: 'queued', task: { ...task }, slots, batched: batch !== undefined } as const;
    this.#effects.push(queued, { kind: 'timer', dueAt });
  }

  #endRun(): void {
    const status = runStatus(this.#tasks);
    Object.assign(this.#run, { status, finishedAt: this.#at });
    this.#runChange = { ...this.#runChange, id: this.#run.id, status, finishedAt: this.#at };
    const outcome = status.toLowerCase() as Outcome;
    const error = status === 'FAILED' ? { error: this.#errorOfRun() } : {};
    this.#effects.push({ kind: 'run-ended', run: this.#run, at: this.#at, outcome, ...error });
  }

  #errorOfRun(): string {
    if (this.#error !== undefined) return errorMessage(this.#error);
    const failed = this.#tasks.filter(({ status }) => status === 'FAILED').map(({ name }) => name);
    return `task failed: ${failed.join(', ')}`;
  }

  #step(task: TaskRow): Step {
    const step = this.#steps[task.step];
    if (!step) throw new Error(`task ${task.id} refers to step ${task.step}, which its workflow version lacks`);
    return step;
  }
}

const BEGINNING = {
  status: 'WAITING',
  retriesUsed: 0,
  workerId: null,
  queuedAt: null,
  assignedAt: null,
  startedAt: null,
  finishedAt: null,
  dueAt: null,
} satisfies Partial<TaskRow>;

const OVER: ReadonlySet<TaskRow['status']> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED']);

function runStatus(tasks: readonly TaskRow[]): 'COMPLETED' | 'FAILED' | 'CANCELLED' {
  if (tasks.some(({ status }) => status === 'FAILED')) return 'FAILED';
  return tasks.some(({ status }) => status === 'CANCELLED') ? 'CANCELLED' : 'COMPLETED';
}

/** Delay of a step's n-th retry (from 1), in milliseconds. */
export function retryDelayMs({ backoff }: Pick<Step, 'backoff'>, retry: number): number {
  if (!backoff) return 0;
  return Math.min(backoff.factor ** retry, backoff.maxSeconds) * 1_000;
}
