import type { SpanContext } from '@opentelemetry/api';
import type { DurableLog } from './durable-log.ts';

/** One execution of a task, or of a batch, on this worker. */
export interface Attempt {
  /** For a batch, the id of the batch. */
  readonly taskRunId: string;
  readonly retryCount: number;
  /** Invocation of a durable task; 0 for other tasks. */
  readonly invocation: number;
  /** Task runs of a batch, once the SDK has reported its start. */
  members?: readonly string[] | undefined;
  /** Set for a durable task. */
  readonly log?: DurableLog | undefined;
  /** The attempt's span, if it is recorded. */
  readonly span?: SpanContext | undefined;
  /** Parent for the span of its cancellation: the received context, or else its own. */
  readonly context?: SpanContext | undefined;
  /** True if the report of the start carries the span's context, for the next attempt. */
  readonly sendsContext?: boolean;
  /** The task's own signal, once the SDK has created it. */
  signal?: { readonly aborted: boolean; readonly reason: unknown } | undefined;
  /** Promise of the user's function, which may outlive the SDK's own promise after a cancellation. */
  work?: Promise<unknown> | undefined;
  /** First report of the attempt's end that the worker sent. */
  report?: 'completed' | 'failed' | 'cancelled' | undefined;
  /** Error in a report of failure. */
  reportedFailure?: unknown;
  /** Set if that report did not reach the engine. */
  reportError?: { readonly thrown: unknown } | undefined;
  /** Set if the cancellation named the engine's timeout as its reason. */
  timedOut?: boolean;
  /** Reads `signal` and `work`, which exist when the SDK reports the start; removed when the attempt ends. */
  observe?: (() => void) | undefined;
}

/**
 * Remembers every watched attempt while it runs, and the latest finished attempt of each task: long if another attempt
 * may follow, briefly if it completed. Nearly all complete; keeping them all would burden the garbage collector.
 */
export class AttemptMemory {
  readonly #running = new Map<string, Attempt>();
  readonly #batchOfMember = new Map<string, Attempt>();
  readonly #unfinished: RecentMap<Attempt>;
  readonly #brief: RecentMap<Attempt>;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param limit number of attempts to keep that ended other than completed; up to twice as many are kept
   * @param brief the same for completed attempts
   */
  constructor(limit = 2048, brief = 128) {
    this.#unfinished = new RecentMap(limit);
    this.#brief = new RecentMap(brief);
  }

  /** Adds an attempt. One that is not watched is kept briefly, since its end will not be reported. */
  add(attempt: Attempt): void {
    (attempt.observe ? this.#running : this.#brief).set(attempt.taskRunId, attempt);
  }

  /** Remembers the members of a running batch: a cancellation names only a member. */
  addMembers(batch: Attempt, taskRunIds: readonly string[]): void {
    if (batch.members || this.#running.get(batch.taskRunId) !== batch) return;
    batch.members = taskRunIds;
    for (const id of taskRunIds) this.#batchOfMember.set(id, batch);
  }

  /** Running batch with this member. */
  batchOf(taskRunId: string): Attempt | undefined {
    return this.#batchOfMember.get(taskRunId);
  }

  end(attempt: Attempt, completed = false): void {
    const { taskRunId, retryCount, invocation, span, context } = attempt;
    for (const id of attempt.members ?? []) {
      if (this.#batchOfMember.get(id) === attempt) this.#batchOfMember.delete(id);
    }
    attempt.members = undefined;
    // a newer attempt of the task may have started already
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

  /** Recorded span of the attempt before this one, or of the durable task's previous invocation. */
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

/** Keeps the most recently set values: at least `limit` of them, at most twice as many. */
class RecentMap<T> {
  // two generations: deleting the oldest entry of a Map one by one walks over all entries deleted before
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
