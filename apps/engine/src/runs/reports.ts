import { type RunSpanName, type RunSpanOptions, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import {
  type EpochMs,
  markStarted,
  type RunContextColumns,
  runsOfTasks,
  type StartedAttempt,
} from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import { Grouping } from '../loops/grouping.ts';
import type { Attempt, WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContext, runSpanContexts } from './context.ts';
import type { Settle } from './settlement.ts';
import type { RunEvent, RunInput } from './state.ts';

/** Attempt that a worker reports on. */
export interface ReportedAttempt {
  tenantId: string;
  taskId: string;
  retryCount: number;
}

/** Batch that a worker reports on. */
export interface ReportedBatch {
  tenantId: string;
  batchId: string;
}

export interface ReportsDeps {
  db: Queryable;
  pool: WorkerPool;
  settle: Settle;
  onTimer(dueAt: EpochMs): void;
  /** A worker of this engine has started an attempt. */
  onStarted(attempt: Attempt): void;
}

/**
 * Handles the workers' reports on their attempts. A report on an unknown or finished attempt changes nothing and is not an
 * error, because the worker would retry it. STARTED and the end may arrive in any order.
 */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #starts: Grouping<StartedAttempt, EpochMs | undefined>;
  readonly #ends: Record<End, Grouping<ReportedEnd, void>>;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
    this.#starts = new Grouping({
      name: 'handle-task-started',
      work: (attempts) => this.#markStarted(attempts),
      linkTo: ({ taskId, retryCount }) => contextOf(deps.pool.attempt(taskId, retryCount)),
    });
    const grouped = (name: RunSpanName) =>
      new Grouping<ReportedEnd, void>({
        name,
        work: async (ends) => {
          await deps.settle(ends);
          return [];
        },
        linkTo: ({ attempt }) => contextOf(attempt),
      });
    this.#ends = {
      completed: grouped('handle-task-completed'),
      failed: grouped('handle-task-failed'),
      cancelled: grouped('handle-task-cancelled'),
    };
  }

  started(attempt: StartedAttempt): Promise<void> {
    return runSpan('handle-task-started', attributes(attempt), async () => {
      const dueAt = await this.#starts.run(attempt);
      if (dueAt === undefined) return;
      this.#deps.onTimer(dueAt);
      const known = this.#deps.pool.attempt(attempt.taskId, attempt.retryCount);
      if (known) this.#deps.onStarted(known);
    });
  }

  completed(attempt: ReportedAttempt, output: string): Promise<void> {
    return runSpan('handle-task-completed', attributes(attempt), () =>
      this.#end(attempt, { kind: 'completed', ...attempt, output }),
    );
  }

  failed(attempt: ReportedAttempt, error: string, mayRetry: boolean): Promise<void> {
    return runSpan('handle-task-failed', attributes(attempt), () =>
      this.#end(attempt, { kind: 'failed', ...attempt, error, mayRetry }),
    );
  }

  cancelled(attempt: ReportedAttempt): Promise<void> {
    return runSpan('handle-task-cancelled', attributes(attempt), () =>
      this.#end(attempt, { kind: 'cancelled', ...attempt }),
    );
  }

  batchStarted(batch: ReportedBatch): Promise<void> {
    const attempts = this.#attemptsOf(batch);
    return runSpan('handle-task-started', batchOptions(attempts), async () => {
      for (const dueAt of await this.#markStarted(attempts)) if (dueAt !== undefined) this.#deps.onTimer(dueAt);
    });
  }

  batchCompleted(batch: ReportedBatch, outputs: ReadonlyMap<string, string>): Promise<void> {
    return this.#settleBatch('handle-task-completed', batch, [...outputs.keys()], ({ taskId, retryCount }) => {
      return { kind: 'completed', taskId, retryCount, output: outputs.get(taskId) ?? '{}' };
    });
  }

  batchFailed(batch: ReportedBatch, errors: ReadonlyMap<string, { error: string; mayRetry: boolean }>): Promise<void> {
    return this.#settleBatch('handle-task-failed', batch, [...errors.keys()], ({ taskId, retryCount }) => {
      return { kind: 'failed', taskId, retryCount, error: '', mayRetry: true, ...errors.get(taskId) };
    });
  }

  batchCancelled(batch: ReportedBatch, taskIds: readonly string[]): Promise<void> {
    return this.#settleBatch('handle-task-cancelled', batch, taskIds, ({ taskId, retryCount }) => {
      return { kind: 'cancelled', taskId, retryCount };
    });
  }

  /** Settles reports on a batch in one transaction; tasks that are not, or no longer, in the batch are skipped. */
  #settleBatch(
    name: RunSpanName,
    batch: ReportedBatch,
    taskIds: readonly string[],
    eventOf: (attempt: Attempt) => RunEvent,
  ): Promise<void> {
    const wanted = new Set(taskIds);
    const attempts = this.#attemptsOf(batch).filter(({ taskId }) => wanted.has(taskId));
    return runSpan(name, batchOptions(attempts), () =>
      this.#deps.settle(attempts.map((attempt) => ({ runId: attempt.runId, event: eventOf(attempt) }))),
    );
  }

  #attemptsOf({ tenantId, batchId }: ReportedBatch): Attempt[] {
    return [...this.#deps.pool.batch(batchId)].filter((attempt) => attempt.tenantId === tenantId);
  }

  /** Marks attempts as started; resolves to the end of each one's timeout, undefined if it had started before. */
  async #markStarted(attempts: readonly StartedAttempt[]): Promise<(EpochMs | undefined)[]> {
    const started = await markStarted(this.#deps.db, attempts, now());
    const dueAt = new Map(started.map((each) => [keyOf(each), each.dueAt]));
    return attempts.map((attempt) => {
      const startedUntil = dueAt.get(keyOf(attempt));
      dueAt.delete(keyOf(attempt)); // a duplicate report in the same group starts nothing
      return startedUntil;
    });
  }

  async #end({ tenantId, taskId, retryCount }: ReportedAttempt, event: RunEvent & { kind: End }): Promise<void> {
    const { db, pool } = this.#deps;
    const known = pool.attempt(taskId, retryCount);
    const attempt = known?.tenantId === tenantId ? known : undefined;
    const runId = attempt?.runId ?? (await runsOfTasks(db, tenantId, [taskId])).get(taskId);
    if (runId !== undefined) await this.#ends[event.kind].run({ runId, event, attempt });
  }
}

type End = 'completed' | 'failed' | 'cancelled';

/** End of an attempt, and the attempt if a worker of this engine runs it. */
interface ReportedEnd extends RunInput {
  attempt: Attempt | undefined;
}

function keyOf({ taskId, retryCount }: { taskId: string; retryCount: number }): string {
  return `${taskId} ${retryCount}`;
}

function contextOf(attempt: RunContextColumns | undefined): SpanContext | undefined {
  return attempt && runSpanContext(attempt);
}

function batchOptions(attempts: readonly Attempt[]): RunSpanOptions {
  return { links: runSpanContexts(attempts), attributes: { 'batch.item_count': attempts.length } };
}

function attributes({ taskId, retryCount }: ReportedAttempt): {
  attributes: { 'step_run.id': string; retry_count: number };
} {
  return { attributes: { 'step_run.id': taskId, retry_count: retryCount } };
}
