import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from '../sql/epoch-ms.ts';
import { CONTEXT_COLUMNS, type RunContextColumns } from './rows.ts';

/** An attempt that is assigned to a worker. */
export interface RunningAttempt extends RunContextColumns {
  taskId: string;
  retryCount: number;
  runId: string;
  tenantId: string;
  workerId: string;
  versionId: string;
  step: number;
  /** The attempt has released the slots of its step. */
  slotsReleased: boolean;
  /** Batch of the attempt. Null for tasks that do not run in batches. */
  batchId: string | null;
}

/** Lists all running attempts; the engine calls it at its start. */
export async function runningAttempts(db: Queryable): Promise<RunningAttempt[]> {
  const { rows } = await db.query<RunningAttempt>(
    `SELECT t.id AS "taskId", t.retry_count AS "retryCount", t.run_id AS "runId", t.tenant_id AS "tenantId",
       t.worker_id AS "workerId", r.workflow_version_id AS "versionId", t.step, t.slots_released AS "slotsReleased", t.batch_id AS "batchId", ${CONTEXT_COLUMNS}
     FROM task t JOIN run r ON r.id = t.run_id WHERE t.status = 'RUNNING'`,
  );
  return rows;
}

/** Attempt that a worker has started, with the context of its span, if the worker traces it. */
export interface StartedAttempt {
  tenantId: string;
  taskId: string;
  retryCount: number;
  spanTraceparent?: string | undefined;
}

/** Stores that attempts have started, and starts their timeouts. Skips attempts that have ended meanwhile. */
export async function markStarted(
  db: Queryable,
  attempts: readonly StartedAttempt[],
  at: EpochMs,
): Promise<{ taskId: string; retryCount: number; dueAt: EpochMs }[]> {
  const { rows } = await db.query<{ taskId: string; retryCount: number; dueAt: EpochMs }>(STARTED, [
    attempts.map(({ taskId }) => taskId),
    attempts.map(({ retryCount }) => retryCount),
    attempts.map(({ tenantId }) => tenantId),
    at,
    attempts.map(({ spanTraceparent }) => spanTraceparent),
  ]);
  return rows;
}

const STARTED = {
  name: 'mark-started',
  text: `
WITH locked AS MATERIALIZED (
  SELECT id FROM task WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
)
UPDATE task t SET started_at = ${timestamp('$4')}, due_at = ${timestamp('($4::float8 + t.timeout_ms)')},
  attempt_traceparent = x.traceparent
FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $5::text[]) AS x (id, retry_count, tenant_id, traceparent)
  JOIN locked USING (id)
WHERE t.id = x.id AND t.id = ANY ($1::uuid[]) AND t.tenant_id = x.tenant_id AND t.retry_count = x.retry_count
  AND t.status = 'RUNNING' AND t.started_at IS NULL
RETURNING t.id AS "taskId", t.retry_count AS "retryCount", $4::float8 + t.timeout_ms AS "dueAt"`,
};

/**
 * Extends the timeout of a running attempt. The attempt counts as started, because the worker's STARTED report may still
 * be on its way.
 *
 * @returns the new deadline, or undefined if the task is not running.
 */
export async function extendTimeout(
  db: Queryable,
  { tenantId, taskId, byMs }: { tenantId: string; taskId: string; byMs: number },
  at: EpochMs,
): Promise<EpochMs | undefined> {
  const { rows } = await db.query<{ dueAt: EpochMs }>(EXTEND, [taskId, tenantId, byMs, at]);
  return rows[0]?.dueAt;
}

const EXTEND = {
  name: 'extend-timeout',
  text: `
UPDATE task t SET started_at = coalesce(t.started_at, ${timestamp('$4')}),
  due_at = CASE WHEN t.started_at IS NULL THEN ${timestamp('($4::float8 + t.timeout_ms)')} ELSE t.due_at END
    + $3::float8 * interval '1 millisecond'
WHERE t.id = $1 AND t.tenant_id = $2 AND t.status = 'RUNNING'
RETURNING ${epochMs('t.due_at')} AS "dueAt"`,
};

/**
 * Stores that a running attempt has released its slots.
 *
 * @returns the attempt, or undefined if the task is not running.
 */
export async function releaseSlots(
  db: Queryable,
  { tenantId, taskId }: { tenantId: string; taskId: string },
): Promise<{ retryCount: number } | undefined> {
  const { rows } = await db.query<{ retryCount: number }>(
    {
      name: 'release-slots',
      text: `UPDATE task SET slots_released = true WHERE id = $1 AND tenant_id = $2 AND status = 'RUNNING'
        RETURNING retry_count AS "retryCount"`,
    },
    [taskId, tenantId],
  );
  return rows[0];
}
