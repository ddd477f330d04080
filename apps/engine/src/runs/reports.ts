import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, markStarted, runsOfTasks } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';
import type { Settle } from './settlement.ts';
import type { RunEvent } from './state.ts';

/** Which attempt a worker reports on. */
export interface ReportedAttempt {
  tenantId: string;
  taskId: string;
  retryCount: number;
}

export interface ReportsDeps {
  db: Queryable;
  pool: WorkerPool;
  settle: Settle;
  onTimer(dueAt: EpochMs): void;
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
      if (started) this.#deps.onTimer(started.dueAt);
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

  async #settle({ tenantId, taskId, retryCount }: ReportedAttempt, event: RunEvent): Promise<void> {
    const { db, pool, settle } = this.#deps;
    const known = pool.attempt(taskId, retryCount);
    const runId = known?.tenantId === tenantId ? known.runId : (await runsOfTasks(db, tenantId, [taskId])).get(taskId);
    if (runId !== undefined) await settle([{ runId, event }]);
  }
}

function attributes({ taskId, retryCount }: ReportedAttempt): {
  attributes: { 'step_run.id': string; retry_count: number };
} {
  return { attributes: { 'step_run.id': taskId, retry_count: retryCount } };
}
