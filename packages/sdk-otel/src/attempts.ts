import { type Context, createContextKey, type SpanContext } from '@opentelemetry/api';
import type { Metadata } from './carrier.ts';

/** One execution of a task on this worker. */
export interface Attempt {
  readonly taskRunId: string;
  readonly retryCount: number;
  /** of a durable task; 0 for others */
  readonly invocation: number;
  /** the attempt's span, when it is recorded */
  readonly span?: SpanContext | undefined;
  /** where its cancellation belongs: the context that it received, else its own */
  readonly context?: SpanContext | undefined;
  /** the task's own signal, once the SDK has made it */
  signal?: { readonly aborted: boolean; readonly reason: unknown } | undefined;
  /** the user's function, which may outlive the SDK's own promise after a cancellation */
  work?: Promise<unknown> | undefined;
  /** the first report of its end that the worker sent */
  report?: 'completed' | 'failed' | undefined;
  /** what a report of failure said */
  reportedFailure?: unknown;
  /** that report did not reach the engine */
  reportError?: { readonly thrown: unknown } | undefined;
  /** the cancellation said that the engine's timeout was its reason */
  timedOut?: boolean;
  /** finds `signal` and `work`, which exist when the SDK reports the start; gone when the attempt is over */
  observe?: (() => void) | undefined;
}

/** What this worker knows of the attempts that it runs and ran: the latest of each task, the oldest are forgotten. */
export class AttemptMemory {
  readonly #latest = new Map<string, Attempt>();
  readonly #limit: number;

  constructor(limit = 2048) {
    this.#limit = limit;
  }

  add(attempt: Attempt): void {
    this.#latest.delete(attempt.taskRunId);
    this.#latest.set(attempt.taskRunId, attempt);
    if (this.#latest.size > this.#limit) this.#latest.delete(this.#latest.keys().next().value!);
  }

  find(taskRunId: string, retryCount: number | undefined): Attempt | undefined {
    const attempt = this.#latest.get(taskRunId);
    return attempt?.retryCount === (retryCount ?? 0) ? attempt : undefined;
  }

  /** The recorded span of the attempt before this one, or of the durable task's invocation before. */
  previous(taskRunId: string, retryCount: number, invocation: number): SpanContext | undefined {
    const attempt = this.#latest.get(taskRunId);
    if (!attempt) return undefined;
    const isBefore =
      attempt.retryCount === retryCount - 1 ||
      (attempt.retryCount === retryCount && attempt.invocation === invocation - 1);
    return isBefore ? attempt.span : undefined;
  }
}

/** The metadata that the task around the current code received, as far as they are about context. */
export function receivedMetadata(context: Context): Metadata | undefined {
  return context.getValue(RECEIVED) as Metadata | undefined;
}

export function withReceivedMetadata(context: Context, metadata: Metadata | undefined): Context {
  return context.setValue(RECEIVED, metadata);
}

const RECEIVED = createContextKey('@hatchet-ts/sdk-otel received metadata');
