import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from './columns.ts';
import {
  CONTEXT_COLUMNS,
  RUN_COLUMNS,
  type RunContextColumns,
  type RunRow,
  TASK_COLUMNS,
  type TaskRow,
} from './rows.ts';

/** Tasks of one kind that wait for a worker. */
export interface Backlog {
  tenantId: string;
  action: string;
  /** The labels that they want of a worker, as canonical JSON; empty for none. */
  affinity: string;
}

/** A task that can be given to a worker. */
export interface QueuedTask extends Backlog, RunContextColumns {
  id: string;
  runId: string;
  versionId: string;
  step: number;
}

/** What a worker is to do: the task in its new attempt, its run, and what it works on. */
export interface Assignment {
  task: TaskRow & { workerId: string; assignedAt: EpochMs };
  run: RunRow;
  /** JSON text. */
  input: string;
  additionalMetadata: Record<string, unknown>;
  /** Outputs (JSON text) and errors of the run's other tasks that have ended, by name; null for a run of one task. */
  others: Record<string, { output: string | null; error: string | null }> | null;
}

/** The kinds of task that wait; asked once, at the engine's start. */
export async function listBacklogs(db: Queryable): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `SELECT DISTINCT tenant_id AS "tenantId", action, affinity FROM task WHERE status = 'QUEUED' AND batch_key IS NULL`,
  );
  return rows;
}

/** The first waiting tasks of each kind, at most `limit` of a kind, in the order in which they should be served. */
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
 * Gives waiting tasks to workers; a task that waits no longer is left out. Changes of a task's state happen under the
 * lock of its run, runs being locked in the order of their ids, so that passes and reports cannot block each other.
 *
 * @param startBy when each attempt counts as lost unless its worker has reported that it started.
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

// As in `save-changes`, the ids are repeated as arrays, so that the planner expects few rows.
const ASSIGN = {
  name: 'assign-tasks',
  text: `
WITH wanted AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $6::uuid[])
    WITH ORDINALITY AS w (task_id, run_id, worker_id, batch_id, position)
), locked AS MATERIALIZED (
  SELECT r.id FROM run r WHERE r.id = ANY ($2::uuid[]) ORDER BY r.id FOR NO KEY UPDATE
), assigned AS (
  UPDATE task t SET status = 'RUNNING', worker_id = w.worker_id, assigned_at = ${timestamp('$4')}, started_at = NULL,
    due_at = ${timestamp('$5')}, invocation_count = t.invocation_count + 1, durable_cursor = 0, slots_released = false,
    batch_id = w.batch_id
  FROM wanted w JOIN locked ON locked.id = w.run_id
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
  ) END AS others
FROM assigned t JOIN run r ON r.id = t.run_id AND r.id = ANY ($2::uuid[])
ORDER BY t.position`,
};
