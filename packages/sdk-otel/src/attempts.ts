import { type Attributes, type Context, createContextKey, type SpanContext } from '@opentelemetry/api';
import type { Metadata } from './carrier.ts';
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
  /** the metadata that it received, as far as they are about context */
  readonly metadata?: Metadata | undefined;
  /** which task it is, for the spans that start inside */
  readonly identity?: (() => Attributes) | undefined;
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
 * task that ended, of which the oldest are forgotten.
 */
export class AttemptMemory {
  readonly #running = new Map<string, Attempt>();
  readonly #ended = new Map<string, Attempt>();
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit = 2048) {
    this.#limit = limit;
  }

  /** An attempt that is not watched is kept as if it had ended, since nobody will say when it does. */
  add(attempt: Attempt): void {
    if (attempt.observe) {
      this.#ended.delete(attempt.taskRunId);
      this.#running.set(attempt.taskRunId, attempt);
    } else this.#keep(attempt);
  }

  end(attempt: Attempt): void {
    // a newer attempt of the task may have begun already
    if (this.#running.get(attempt.taskRunId) === attempt) {
      this.#running.delete(attempt.taskRunId);
      this.#keep(attempt);
    }
    if (this.#running.size === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when no watched attempt is running. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  latest(taskRunId: string | undefined): Attempt | undefined {
    return taskRunId === undefined ? undefined : (this.#running.get(taskRunId) ?? this.#ended.get(taskRunId));
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
    this.#ended.delete(attempt.taskRunId);
    this.#ended.set(attempt.taskRunId, attempt);
    if (this.#ended.size > this.#limit) this.#ended.delete(this.#ended.keys().next().value!);
  }
}

/** The attempt around the current code. */
export function activeAttempt(context: Context): Attempt | undefined {
  return context.getValue(ATTEMPT) as Attempt | undefined;
}

export function withAttempt(context: Context, attempt: Attempt): Context {
  return context.setValue(ATTEMPT, attempt);
}

const ATTEMPT = createContextKey('@hatchet-ts/sdk-otel attempt');
