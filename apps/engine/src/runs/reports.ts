import { type RunSpanName, type RunSpanOptions, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, markStarted, type RunContextColumns, runsOfTasks } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import type { Attempt, WorkerPool } from '../scheduling/worker-pool.ts';
import { runSpanContext, runSpanContexts } from './context.ts';
import { createGrouping } from './grouping.ts';
import type { Happening, Settle } from './settlement.ts';
import type { RunEvent } from './transition.ts';

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
  readonly #mark: (attempt: ReportedAttempt) => Promise<EpochMs | undefined>;
  readonly #ends: Record<End, (known: Known) => Promise<void>>;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
    this.#mark = createGrouping({
      name: 'handle-task-started',
      work: (attempts) => this.#markStarted(attempts),
      linkTo: ({ taskId, retryCount }) => contextOf(deps.pool.attempt(taskId, retryCount)),
    });
    const ended = (name: RunSpanName) =>
      createGrouping({
        name,
        work: async (known: readonly Known[]) => {
          await deps.settle(known);
          return [];
        },
        linkTo: ({ attempt }) => contextOf(attempt),
      });
    this.#ends = {
      completed: ended('handle-task-completed'),
      failed: ended('handle-task-failed'),
      cancelled: ended('handle-task-cancelled'),
    };
  }

  started(attempt: ReportedAttempt): Promise<void> {
    return runSpan('handle-task-started', attributes(attempt), async () => {
      const dueAt = await this.#mark(attempt);
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

  /** When the timeout of each attempt that has begun runs out. */
  async #markStarted(attempts: readonly ReportedAttempt[]): Promise<(EpochMs | undefined)[]> {
    const started = await markStarted(this.#deps.db, attempts, now());
    const dueAt = new Map(started.map((each) => [keyOf(each), each.dueAt]));
    return attempts.map((attempt) => {
      const begun = dueAt.get(keyOf(attempt));
      dueAt.delete(keyOf(attempt)); // who reports the same again has not begun it
      return begun;
    });
  }

  async #end({ tenantId, taskId, retryCount }: ReportedAttempt, event: RunEvent & { kind: End }): Promise<void> {
    const { db, pool } = this.#deps;
    const known = pool.attempt(taskId, retryCount);
    const attempt = known?.tenantId === tenantId ? known : undefined;
    const runId = attempt?.runId ?? (await runsOfTasks(db, tenantId, [taskId])).get(taskId);
    if (runId !== undefined) await this.#ends[event.kind]({ runId, event, attempt });
  }
}

type End = 'completed' | 'failed' | 'cancelled';

/** What happens to the run of an attempt, and the attempt if a worker of this engine has it. */
interface Known extends Happening {
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
