import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';
import {
  CONTEXT_COLUMNS,
  RUN_COLUMNS,
  type RunContextColumns,
  type RunRow,
  TASK_COLUMNS,
  type TaskRow,
} from './rows.ts';

/** Queued tasks of one kind. */
export interface Backlog {
  tenantId: string;
  action: string;
  /** Worker labels that the tasks require or prefer, as canonical JSON. Empty: none. */
  affinity: string;
}

/** A task that can be assigned to a worker. */
export interface QueuedTask extends Backlog, RunContextColumns {
  id: string;
  runId: string;
  versionId: string;
  step: number;
}

/** A task in its new attempt, with everything that its worker needs. */
export interface Assignment {
  task: TaskRow & { workerId: string; assignedAt: EpochMs };
  run: RunRow;
  /** JSON text. */
  input: string;
  additionalMetadata: Record<string, unknown>;
  /** Outputs (JSON text) and errors of the run's finished tasks, by name. Null for a run of one task. */
  others: Record<string, { output: string | null; error: string | null }> | null;
  /** Null for the first attempt of a task, and the first invocation of a durable one. */
  earlier: EarlierAttempts | null;
}

/** Facts about the earlier attempts and invocations of a task, which other workers may have run. */
export interface EarlierAttempts {
  /** Context of the latest one's span, if its worker traced it. */
  traceparent: string | null;
  /** Number of entries in a durable task's log. */
  entries: number | null;
  /** Number of indexes that a durable task has used for children. */
  children: number | null;
}

/** Lists the kinds of queued tasks; the engine calls it once, at its start. */
export async function listBacklogs(db: Queryable): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `SELECT DISTINCT tenant_id AS "tenantId", action, affinity FROM task WHERE status = 'QUEUED' AND batch_key IS NULL`,
  );
  return rows;
}

/** Reads the first queued tasks, at most `limit` of each kind, in the order of priority and arrival. */
export async function pickQueued(
  db: Queryable,
  wanted: readonly (Backlog & { limit: number })[],
): Promise<QueuedTask[]> {
  const { rows } = await db.query<QueuedTask>(PICK, [
    wanted.map(({ tenantId }) => tenantId),
    wanted.map(({ action }) => action),
    wanted.map(({ limit }) => limit),
    wanted.map(({ affinity }) => affinity),
  ]);
  return rows;
}

const PICK = {
  name: 'pick-queued',
  text: `
SELECT t.id, t.run_id AS "runId", t.tenant_id AS "tenantId", t.action, t.affinity, t.step,
  r.workflow_version_id AS "versionId", ${CONTEXT_COLUMNS}
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[]) AS w (tenant_id, action, most, affinity)
CROSS JOIN LATERAL (
  SELECT * FROM task q
  WHERE q.status = 'QUEUED' AND q.batch_key IS NULL AND q.tenant_id = w.tenant_id AND q.action = w.action
    AND q.affinity = w.affinity
  ORDER BY q.priority DESC, q.seq
  LIMIT w.most
) t
JOIN run r ON r.id = t.run_id
ORDER BY t.priority DESC, t.seq`,
};

/**
 * Assigns queued tasks to workers, and skips tasks that are no longer queued. Deadlocks cannot occur: every statement
 * locks runs first and then tasks, each in the order of their ids.
 *
 * @param startBy time at which an attempt counts as lost if its worker has not reported its start.
 */
export async function assignTasks(
  db: Queryable,
  assignments: readonly { taskId: string; runId: string; workerId: string; batchId?: string }[],
  at: EpochMs,
  startBy: EpochMs,
): Promise<Assignment[]> {
  const { rows } = await db.query<{
    task: TaskRow & { workerId: string; assignedAt: EpochMs };
    run: RunRow;
    input: string;
    additionalMetadata: Record<string, unknown>;
    others: Assignment['others'];
    earlier: EarlierAttempts | null;
  }>(ASSIGN, [
    assignments.map(({ taskId }) => taskId),
    assignments.map(({ runId }) => runId),
    assignments.map(({ workerId }) => workerId),
    at,
    startBy,
    assignments.map(({ batchId }) => batchId),
  ]);
  return rows;
}

// As in `save-changes`, the ids are repeated as arrays so that the planner expects few rows.
const ASSIGN = {
  name: 'assign-tasks',
  text: `
WITH wanted AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $6::uuid[])
    WITH ORDINALITY AS w (task_id, run_id, worker_id, batch_id, position)
), locked AS MATERIALIZED (
  SELECT r.id FROM run r WHERE r.id = ANY ($2::uuid[]) ORDER BY r.id FOR NO KEY UPDATE
), locked_tasks AS MATERIALIZED (
  SELECT t.id FROM task t JOIN locked ON locked.id = t.run_id WHERE t.id = ANY ($1::uuid[])
  ORDER BY t.id FOR NO KEY UPDATE OF t
), assigned AS (
  UPDATE task t SET status = 'RUNNING', worker_id = w.worker_id, assigned_at = ${timestamp('$4')}, started_at = NULL,
    due_at = ${timestamp('$5')}, invocation_count = t.invocation_count + 1, durable_cursor = 0, slots_released = false,
    batch_id = w.batch_id
  FROM wanted w JOIN locked_tasks ON locked_tasks.id = w.task_id
  WHERE t.id = w.task_id AND t.id = ANY ($1::uuid[]) AND t.status = 'QUEUED'
  RETURNING t.*, w.position
), begun AS (
  UPDATE run r SET status = 'RUNNING', started_at = ${timestamp('$4')}
  FROM (SELECT DISTINCT run_id FROM assigned) a
  WHERE r.id = a.run_id AND r.id = ANY ($2::uuid[]) AND r.status = 'QUEUED'
)
SELECT (SELECT row_to_json(x) FROM (SELECT ${TASK_COLUMNS}) x) AS task,
  (SELECT row_to_json(x) FROM (SELECT ${RUN_COLUMNS}) x) AS run,
  r.input, r.additional_metadata AS "additionalMetadata",
  CASE WHEN t.id <> t.run_id THEN (
    SELECT json_object_agg(o.name, json_build_object('output', o.output, 'error', o.error))
    FROM task o WHERE o.run_id = t.run_id AND o.status IN ('COMPLETED', 'FAILED')
  ) END AS others,
  CASE WHEN t.retry_count > 0 OR t.invocation_count > 1 THEN json_build_object(
    'traceparent', t.attempt_traceparent,
    'entries', CASE WHEN t.invocation_count > 1 THEN (SELECT count(*) FROM durable_entry e WHERE e.task_id = t.id) END,
    'children', CASE WHEN t.invocation_count > 1 THEN (
      SELECT max(c.child_index) + 1 FROM run c WHERE c.parent_task_id = t.id AND c.dedupe IS NOT NULL) END
  ) END AS earlier
FROM assigned t JOIN run r ON r.id = t.run_id AND r.id = ANY ($2::uuid[])
ORDER BY t.position`,
};
