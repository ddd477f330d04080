import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from './columns.ts';
import { CONTEXT_COLUMNS, type RunContextColumns, type TaskStatus } from './rows.ts';

/** A task whose timer has run out, or whose worker is gone. */
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

/** Tasks whose timer has run out at `at`, the longest overdue first. */
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

/** When the next timer runs out. */
export async function nextDueAt(db: Queryable): Promise<EpochMs | null> {
  const { rows } = await db.query<{ dueAt: EpochMs | null }>({
    name: 'next-due',
    text: `SELECT ${epochMs('min(due_at)')} AS "dueAt" FROM task`,
  });
  return rows[0]?.dueAt ?? null;
}

/** The attempts that these workers have. */
export async function tasksOfWorkers(db: Queryable, workerIds: readonly string[]): Promise<DueTask[]> {
  const { rows } = await db.query<DueTask>(
    `SELECT ${DUE_COLUMNS} FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.status = 'RUNNING' AND t.worker_id = ANY ($1::uuid[])`,
    [workerIds],
  );
  return rows;
}

/** An attempt that a worker has. */
export interface RunningAttempt extends RunContextColumns {
  taskId: string;
  retryCount: number;
  runId: string;
  tenantId: string;
  workerId: string;
  versionId: string;
  step: number;
  /** It goes on without the slots that its step takes. */
  slotsReleased: boolean;
  /** The batch that it belongs to. */
  batchId: string | null;
}

/** All attempts that workers have; asked at the engine's start. */
export async function runningAttempts(db: Queryable): Promise<RunningAttempt[]> {
  const { rows } = await db.query<RunningAttempt>(
    `SELECT t.id AS "taskId", t.retry_count AS "retryCount", t.run_id AS "runId", t.tenant_id AS "tenantId",
       t.worker_id AS "workerId", r.workflow_version_id AS "versionId", t.step, t.slots_released AS "slotsReleased", t.batch_id AS "batchId", ${CONTEXT_COLUMNS}
     FROM task t JOIN run r ON r.id = t.run_id WHERE t.status = 'RUNNING'`,
  );
  return rows;
}

/** Gives what runs or is queued time until `until` at least: while the engine was away nobody could report or come. */
export async function postponeTimeouts(db: Queryable, until: EpochMs): Promise<void> {
  await db.query(
    `UPDATE task SET due_at = ${timestamp('$1')} WHERE status IN ('RUNNING', 'QUEUED') AND due_at < ${timestamp('$1')}`,
    [until],
  );
}

/** Expects a worker's word on attempts that were sent over its former stream by `startBy` at the latest. */
export async function expectStarted(db: Queryable, workerId: string, startBy: EpochMs): Promise<void> {
  await db.query(
    `UPDATE task SET due_at = least(due_at, ${timestamp('$2')})
     WHERE status = 'RUNNING' AND worker_id = $1 AND started_at IS NULL`,
    [workerId, startBy],
  );
}
