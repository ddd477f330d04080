import { type RunSpanName, type RunSpanOptions, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, markStarted, runsOfTasks } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { Attempt, WorkerPool } from '../scheduling/worker-pool.ts';
import { runSpanContexts } from './context.ts';
import type { Settle } from './settlement.ts';
import type { RunEvent } from './state.ts';

/** Which attempt a worker reports on. */
export interface ReportedAttempt {
  tenantId: string;
  taskId: string;
  retryCount: number;
}

/** Which batch a worker reports on. */
export interface ReportedBatch {
  tenantId: string;
  batchId: string;
}

export interface ReportsDeps {
  db: Queryable;
  pool: WorkerPool;
  settle: Settle;
  onTimer(dueAt: EpochMs): void;
  /** An attempt that a worker of this engine has was begun. */
  onStarted(attempt: Attempt): void;
}

/**
 * What workers say of their attempts. A report on an attempt that is over, or unknown, changes nothing and is no error:
 * the worker would try again and again. STARTED and the end may come in any order.
 */
export class Reports {
  readonly #deps: ReportsDeps;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
  }

  started(attempt: ReportedAttempt): Promise<void> {
    return runSpan('handle-task-started', attributes(attempt), async () => {
      const [started] = await markStarted(this.#deps.db, [attempt], attempt.tenantId, now());
      if (!started) return;
      this.#deps.onTimer(started.dueAt);
      const known = this.#deps.pool.attempt(attempt.taskId, attempt.retryCount);
      if (known) this.#deps.onStarted(known);
    });
  }

  completed(attempt: ReportedAttempt, output: string): Promise<void> {
    return runSpan('handle-task-completed', attributes(attempt), () =>
      this.#settle(attempt, { kind: 'completed', ...attempt, output }),
    );
  }

  failed(attempt: ReportedAttempt, error: string, mayRetry: boolean): Promise<void> {
    return runSpan('handle-task-failed', attributes(attempt), () =>
      this.#settle(attempt, { kind: 'failed', ...attempt, error, mayRetry }),
    );
  }

  cancelled(attempt: ReportedAttempt): Promise<void> {
    return runSpan('handle-task-cancelled', attributes(attempt), () =>
      this.#settle(attempt, { kind: 'cancelled', ...attempt }),
    );
  }

  batchStarted(batch: ReportedBatch): Promise<void> {
    const attempts = this.#attemptsOf(batch);
    return runSpan('handle-task-started', batchOptions(attempts), async () => {
      const started = await markStarted(this.#deps.db, attempts, batch.tenantId, now());
      for (const { dueAt } of started) this.#deps.onTimer(dueAt);
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

  /** One transaction for all. What is not, or no longer, in the batch is left alone. */
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

  async #settle({ tenantId, taskId, retryCount }: ReportedAttempt, event: RunEvent): Promise<void> {
    const { db, pool, settle } = this.#deps;
    const known = pool.attempt(taskId, retryCount);
    const runId = known?.tenantId === tenantId ? known.runId : (await runsOfTasks(db, tenantId, [taskId])).get(taskId);
    if (runId !== undefined) await settle([{ runId, event }]);
  }
}

function batchOptions(attempts: readonly Attempt[]): RunSpanOptions {
  return { links: runSpanContexts(attempts), attributes: { 'batch.item_count': attempts.length } };
}

function attributes({ taskId, retryCount }: ReportedAttempt): {
  attributes: { 'step_run.id': string; retry_count: number };
} {
  return { attributes: { 'step_run.id': taskId, retry_count: retryCount } };
}
