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
 * What this worker knows of the attempts that it runs and ran. Every running one that is watched; of those that ended
 * the latest of each task, for long where another attempt may follow, and briefly where it completed: that is nearly
 * every one, and what is kept of each makes the garbage collector copy it.
 */
export class AttemptMemory {
  readonly #running = new Map<string, Attempt>();
  readonly #unfinished: Recent<Attempt>;
  readonly #brief: Recent<Attempt>;
  readonly #waiting: (() => void)[] = [];

  /** @param limit of the attempts that ended otherwise than completed; twice as many at most */
  constructor(limit = 2048, brief = 128) {
    this.#unfinished = new Recent(limit);
    this.#brief = new Recent(brief);
  }

  /** An attempt that is not watched is kept briefly, since nobody will say when it ends. */
  add(attempt: Attempt): void {
    (attempt.observe ? this.#running : this.#brief).set(attempt.taskRunId, attempt);
  }

  end(attempt: Attempt, completed = false): void {
    const { taskRunId, retryCount, invocation, span, context } = attempt;
    // a newer attempt of the task may have begun already
    if (this.#running.get(taskRunId) === attempt) {
      this.#running.delete(taskRunId);
      if (completed) this.#brief.set(taskRunId, { taskRunId, retryCount, invocation, span, context });
      else this.#unfinished.set(taskRunId, attempt);
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
    return this.#running.get(taskRunId) ?? later(this.#unfinished.get(taskRunId), this.#brief.get(taskRunId));
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
}

function later(one: Attempt | undefined, other: Attempt | undefined): Attempt | undefined {
  if (!one || !other) return one ?? other;
  return other.retryCount >= one.retryCount ? other : one;
}

/** The values that were set last, as many as the limit and twice as many at most. */
class Recent<T> {
  // two generations: to forget the oldest of a Map one by one costs a walk over all that were forgotten before
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  set(key: string, value: T): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }
}
