import type { EpochMs, RunChange, RunRow, TaskChange, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import type { StopReason } from '../messages/assigned-action.ts';

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
  | ({ kind: 'attempt-ended'; run: RunRow; task: TaskRow; at: EpochMs; outcome: Outcome } & AttemptResult)
  | { kind: 'run-ended'; run: RunRow; at: EpochMs; outcome: Outcome; error?: string };

/** Consequences of an event: rows to write and effects to apply. No rows: the event came too late. */
export interface Advance {
  state: RunState;
  tasks: TaskChange[];
  run?: RunChange;
  effects: Effect[];
}
