import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from '../sql/epoch-ms.ts';
import { CONTEXT_COLUMNS, type RunContextColumns, type TaskStatus } from './rows.ts';

/** A task whose timer has expired, or whose worker is lost. */
export interface DueTask extends RunContextColumns {
  id: string;
  runId: string;
  tenantId: string;
  status: TaskStatus;
  retryCount: number;
  started: boolean;
}

const DUE_COLUMNS = `t.id, t.run_id AS "runId", t.tenant_id AS "tenantId", t.status, t.retry_count AS "retryCount",
  t.started_at IS NOT NULL AS started, ${CONTEXT_COLUMNS}`;

/** Lists the tasks whose timer has expired at `at`, the longest overdue first. */
export async function dueTasks(db: Queryable, at: EpochMs, limit: number): Promise<DueTask[]> {
  const { rows } = await db.query<DueTask>(
    {
      name: 'due-tasks',
      text: `SELECT ${DUE_COLUMNS} FROM (
          SELECT * FROM task WHERE due_at <= ${timestamp('$1')} ORDER BY due_at LIMIT $2
        ) t JOIN run r ON r.id = t.run_id`,
    },
    [at, limit],
  );
  return rows;
}

/** Reads the time at which the next timer expires. */
export async function nextDueAt(db: Queryable): Promise<EpochMs | null> {
  const { rows } = await db.query<{ dueAt: EpochMs | null }>({
    name: 'next-due',
    text: `SELECT ${epochMs('min(due_at)')} AS "dueAt" FROM task`,
  });
  return rows[0]?.dueAt ?? null;
}

/** Lists the running tasks of these workers. */
export async function tasksOfWorkers(db: Queryable, workerIds: readonly string[]): Promise<DueTask[]> {
  const { rows } = await db.query<DueTask>(
    `SELECT ${DUE_COLUMNS} FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.status = 'RUNNING' AND t.worker_id = ANY ($1::uuid[])`,
    [workerIds],
  );
  return rows;
}

/**
 * Postpones the timers of running and queued tasks to `until` at the earliest. While the engine was down, workers could
 * neither report nor connect.
 */
export async function postponeTimeouts(db: Queryable, until: EpochMs): Promise<void> {
  await db.query(
    `WITH locked AS MATERIALIZED (
       SELECT id FROM task WHERE status IN ('RUNNING', 'QUEUED') AND due_at < ${timestamp('$1')}
       ORDER BY id FOR NO KEY UPDATE
     )
     UPDATE task t SET due_at = ${timestamp('$1')} FROM locked
     WHERE t.id = locked.id AND t.status IN ('RUNNING', 'QUEUED') AND t.due_at < ${timestamp('$1')}`,
    [until],
  );
}

/** Postpones the timers of these tasks to `until` at the earliest. */
export async function postponeTimers(db: Queryable, taskIds: readonly string[], until: EpochMs): Promise<void> {
  await db.query(
    `WITH locked AS MATERIALIZED (SELECT id FROM task WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
     UPDATE task t SET due_at = ${timestamp('$2')} FROM locked WHERE t.id = locked.id AND t.due_at < ${timestamp('$2')}`,
    [taskIds, until],
  );
}

/** Sets the deadline for a worker to report the start of attempts that were sent over its previous stream. */
export async function setStartDeadline(db: Queryable, workerId: string, startBy: EpochMs): Promise<void> {
  await db.query(
    `WITH locked AS MATERIALIZED (
       SELECT id FROM task WHERE status = 'RUNNING' AND worker_id = $1 AND started_at IS NULL
       ORDER BY id FOR NO KEY UPDATE
     )
     UPDATE task t SET due_at = least(t.due_at, ${timestamp('$2')}) FROM locked
     WHERE t.id = locked.id AND t.status = 'RUNNING' AND t.worker_id = $1 AND t.started_at IS NULL`,
    [workerId, startBy],
  );
}
