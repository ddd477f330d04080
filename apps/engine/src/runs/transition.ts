import type { EpochMs, RunChange, RunRow, TaskChange, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import type { Outcome } from './outcome.ts';

/** A run with all its tasks, and the steps that they are attempts of. */
export interface RunState {
  run: RunRow;
  tasks: TaskRow[];
  steps: readonly Step[];
}

/** What happens to a run. Reports and timers name the attempt that they are about: a stale one changes nothing. */
export type RunEvent =
  | { kind: 'completed'; taskId: string; retryCount: number; output: string }
  | { kind: 'failed'; taskId: string; retryCount: number; error: string; mayRetry: boolean }
  | { kind: 'worker-lost'; taskId: string; retryCount: number; error: string }
  /** The task's timer ran out. */
  | { kind: 'due'; taskId: string; retryCount: number }
  /** One task, or the whole run; from a worker only in the attempt that it names. */
  | { kind: 'cancelled'; taskId?: string; retryCount?: number }
  /** Its worker lets go of a durable task that waits, having got so many answers. */
  | { kind: 'evicted'; taskId: string; invocation: number; seenAnswers: number }
  /** An evicted task is to run again. */
  | { kind: 'restored'; taskId: string }
  /** A run that is over is to run again: these of its tasks and what follows from them, or all. */
  | { kind: 'replayed'; taskIds?: readonly string[] };

/** What must be done once the new state is committed. */
export type Effect =
  /** `slots`: what it will occupy of a worker; `batched`: together with others. */
  | { kind: 'queued'; task: TaskRow; slots: Step['slots']; batched: boolean }
  | { kind: 'timer'; dueAt: EpochMs }
  /** `tell` is set when the worker does not know yet. */
  | ({ kind: 'attempt-ended'; run: RunRow; task: TaskRow; at: EpochMs; outcome: Outcome } & Said)
  | { kind: 'run-ended'; run: RunRow; at: EpochMs; outcome: Outcome; error?: string };

/** What there is to say of the end of an attempt. */
export interface Said {
  output?: string;
  error?: string;
  tell?: Tell;
}

/** Why a worker is to stop an attempt. */
export type Tell = 'cancelled' | 'timed_out' | 'lost';

/** The consequences of an event: rows to write and things to do. No rows: the event came too late. */
export interface Advance {
  state: RunState;
  tasks: TaskChange[];
  run?: RunChange;
  effects: Effect[];
}
