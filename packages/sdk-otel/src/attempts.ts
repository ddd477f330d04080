import type { SpanContext } from '@opentelemetry/api';
import type { DurableLog } from './durable-log.ts';

/** One execution of a task, or of a batch of them, on this worker. */
export interface Attempt {
  /** of a batch its id */
  readonly taskRunId: string;
  readonly retryCount: number;
  /** of a durable task; 0 for others */
  readonly invocation: number;
  /** of a durable task */
  readonly log?: DurableLog | undefined;
  /** the attempt's span, when it is recorded */
  readonly span?: SpanContext | undefined;
  /** where its cancellation belongs: the context that it received, else its own */
  readonly context?: SpanContext | undefined;
  /** the task's own signal, once the SDK has made it */
  signal?: { readonly aborted: boolean; readonly reason: unknown } | undefined;
  /** the user's function, which may outlive the SDK's own promise after a cancellation */
  work?: Promise<unknown> | undefined;
  /** the first report of its end that the worker sent */
  report?: 'completed' | 'failed' | 'cancelled' | undefined;
  /** what a report of failure said */
  reportedFailure?: unknown;
  /** that report did not reach the engine */
  reportError?: { readonly thrown: unknown } | undefined;
  /** the cancellation said that the engine's timeout was its reason */
  timedOut?: boolean;
  /** finds `signal` and `work`, which exist when the SDK reports the start; gone when the attempt is over */
  observe?: (() => void) | undefined;
}

/**
 * What this worker knows of the attempts that it runs and ran: every running one that is watched, and the latest of each
 * task that ended, until enough others have ended since.
 */
export class AttemptMemory {
  readonly #running = new Map<string, Attempt>();
  // two generations: to forget the oldest of a Map one by one costs a walk over all that were forgotten before
  #young = new Map<string, Attempt>();
  #old = new Map<string, Attempt>();
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];

  /** @param limit of the ended attempts that are remembered; twice as many at most */
  constructor(limit = 2048) {
    this.#limit = limit;
  }

  /** An attempt that is not watched is kept as if it had ended, since nobody will say when it does. */
  add(attempt: Attempt): void {
    if (attempt.observe) this.#running.set(attempt.taskRunId, attempt);
    else this.#keep(attempt);
  }

  end(attempt: Attempt): void {
    // a newer attempt of the task may have begun already
    if (this.#running.get(attempt.taskRunId) === attempt) {
      this.#running.delete(attempt.taskRunId);
      this.#keep(attempt);
    }
    if (this.#running.size > 0 || this.#waiting.length === 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when no watched attempt is running. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  latest(taskRunId: string | undefined): Attempt | undefined {
    if (taskRunId === undefined) return undefined;
    return this.#running.get(taskRunId) ?? this.#young.get(taskRunId) ?? this.#old.get(taskRunId);
  }

  find(taskRunId: string, retryCount: number | undefined): Attempt | undefined {
    const attempt = this.latest(taskRunId);
    return attempt?.retryCount === (retryCount ?? 0) ? attempt : undefined;
  }

  /** The recorded span of the attempt before this one, or of the durable task's invocation before. */
  previous(taskRunId: string, retryCount: number, invocation: number): SpanContext | undefined {
    const attempt = this.latest(taskRunId);
    if (!attempt) return undefined;
    const isBefore =
      attempt.retryCount === retryCount - 1 ||
      (attempt.retryCount === retryCount && attempt.invocation === invocation - 1);
    return isBefore ? attempt.span : undefined;
  }

  #keep(attempt: Attempt): void {
    this.#young.set(attempt.taskRunId, attempt);
    if (this.#young.size < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
