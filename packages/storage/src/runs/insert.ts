import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';
import type { IdempotencyClaim } from './idempotency.ts';
import type { RunContextColumns, TaskStatus } from './rows.ts';

/** A run to create, with its tasks. */
export interface NewRun extends RunContextColumns {
  id: string;
  tenantId: string;
  workflowId: string;
  versionId: string;
  workflowName: string;
  priority: number;
  /** JSON text. */
  input: string;
  additionalMetadata: Record<string, unknown>;
  traceId: string | null;
  linkTraceparent?: string;
  parent?: { runId: string; taskId: string; dedupe: string; childIndex: number | null; childKey: string | null };
  event?: { id: string; key: string };
  idempotency?: IdempotencyClaim;
  createdAt: EpochMs;
  tasks: NewTask[];
}

/** A task to create with its run. */
export interface NewTask {
  id: string;
  step: number;
  name: string;
  action: string;
  /** Worker labels that the task requires or prefers, as canonical JSON. Empty: none. */
  affinity: string;
  status: Extract<TaskStatus, 'WAITING' | 'QUEUED'>;
  timeoutMs: number;
  dueAt: EpochMs | null;
  durable?: boolean;
  /** Set for a batch task. Tasks with the same key may share a batch. */
  batchKey?: string;
  /** Error of a batch task without a usable batch key: it fails when it could run. */
  batchKeyError?: string;
}

/**
 * Creates runs and their tasks, in order, in one statement. A child is not created again if its parent task has already
 * created one with the same key or index.
 *
 * @returns the id of each run, in order: the new run's, or that of the earlier child.
 */
export async function insertRuns(db: Queryable, runs: readonly NewRun[]): Promise<string[]> {
  const inserted = await db.query<{ id: string }>(INSERT, [JSON.stringify(runs.map(runColumns)), tasksJson(runs)]);
  const created = new Set(inserted.rows.map(({ id }) => id));
  if (created.size === runs.length) return runs.map(({ id }) => id);
  const earlier = await earlierChildren(
    db,
    runs.filter(({ id }) => !created.has(id)),
  );
  return runs.map((run) => (created.has(run.id) ? run.id : earlier.get(childIdentity(run))) ?? run.id);
}

const INSERT = {
  name: 'insert-runs',
  text: `
WITH created AS (
  INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
    additional_metadata, parent_run_id, parent_task_id, child_index, child_key, dedupe, event_id, event_key, created_at,
    trace_id, traceparent, tracestate, root_span_id, link_traceparent)
  SELECT id, tenant_id, workflow_id, version_id, workflow_name, 'QUEUED', priority, input, metadata, parent_run_id,
    parent_task_id, child_index, child_key, dedupe, event_id, event_key, ${timestamp('created_at')}, trace_id,
    traceparent, tracestate, root_span_id, link_traceparent
  FROM json_to_recordset($1) AS x (id uuid, tenant_id uuid, workflow_id uuid, version_id uuid, workflow_name text,
    priority smallint, input text, metadata jsonb, parent_run_id uuid, parent_task_id uuid, child_index integer,
    child_key text, dedupe text, event_id uuid, event_key text, created_at float8, trace_id text, traceparent text,
    tracestate text, root_span_id text, link_traceparent text)
  ON CONFLICT (parent_task_id, dedupe) WHERE dedupe IS NOT NULL DO NOTHING
  RETURNING id
), tasks AS (
  INSERT INTO task (id, run_id, tenant_id, step, name, action, affinity, status, priority, timeout_ms, created_at,
    queued_at, due_at, invocation_count, batch_key, batch_key_error)
  SELECT x.id, x.run_id, x.tenant_id, x.step, x.name, x.action, x.affinity, x.status, x.priority, x.timeout_ms,
    ${timestamp('x.created_at')}, CASE WHEN x.status = 'QUEUED' THEN ${timestamp('x.created_at')} END,
    ${timestamp('x.due_at')}, CASE WHEN x.durable THEN 0 END, x.batch_key,
    x.batch_key_error
  FROM json_to_recordset($2) AS x (id uuid, run_id uuid, tenant_id uuid, step smallint, name text, action text,
    affinity text, status text, priority smallint, timeout_ms integer, created_at float8, due_at float8,
    durable boolean, batch_key text, batch_key_error text, position integer)
  JOIN created ON created.id = x.run_id
  ORDER BY x.position
)
SELECT id FROM created`,
};

function runColumns(run: NewRun): Record<string, unknown> {
  return {
    id: run.id,
    tenant_id: run.tenantId,
    workflow_id: run.workflowId,
    version_id: run.versionId,
    workflow_name: run.workflowName,
    priority: run.priority,
    input: run.input,
    metadata: run.additionalMetadata,
    parent_run_id: run.parent?.runId,
    parent_task_id: run.parent?.taskId,
    child_index: run.parent?.childIndex,
    child_key: run.parent?.childKey,
    dedupe: run.parent?.dedupe,
    event_id: run.event?.id,
    event_key: run.event?.key,
    created_at: run.createdAt,
    trace_id: run.traceId,
    traceparent: run.traceparent,
    tracestate: run.tracestate,
    root_span_id: run.rootSpanId,
    link_traceparent: run.linkTraceparent,
  };
}

function tasksJson(runs: readonly NewRun[]): string {
  const tasks = runs.flatMap((run) =>
    run.tasks.map((task) => ({
      id: task.id,
      run_id: run.id,
      tenant_id: run.tenantId,
      step: task.step,
      name: task.name,
      action: task.action,
      affinity: task.affinity,
      status: task.status,
      priority: run.priority,
      timeout_ms: task.timeoutMs,
      created_at: run.createdAt,
      due_at: task.dueAt,
      durable: task.durable,
      batch_key: task.batchKey,
      batch_key_error: task.batchKeyError,
    })),
  );
  return JSON.stringify(tasks.map((task, position) => ({ ...task, position })));
}

/** Finds the existing runs of child runs, by {@link childIdentity}. */
export async function earlierChildren(db: Queryable, runs: readonly NewRun[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; taskId: string; dedupe: string }>(
    {
      name: 'earlier-children',
      text: `SELECT r.id, r.parent_task_id AS "taskId", r.dedupe
        FROM unnest($1::uuid[], $2::text[]) AS wanted (parent_task_id, dedupe)
        JOIN run r ON r.parent_task_id = wanted.parent_task_id AND r.dedupe = wanted.dedupe`,
    },
    [runs.map(({ parent }) => parent?.taskId), runs.map(({ parent }) => parent?.dedupe)],
  );
  return new Map(rows.map(({ id, taskId, dedupe }) => [`${taskId} ${dedupe}`, id]));
}

/** Identifies a child run among the children of all tasks. */
export function childIdentity({ parent }: NewRun): string {
  return `${parent?.taskId} ${parent?.dedupe}`;
}

/**
 * Releases the deduplication keys of failed and cancelled children of replayed tasks, so that the tasks create these
 * children anew. Succeeded children keep their keys and do not run again; neither do those in the log of a durable task.
 */
export async function releaseFailedChildKeys(transaction: Queryable, taskIds: readonly string[]): Promise<void> {
  await transaction.query(
    `WITH locked AS MATERIALIZED (
       SELECT r.id FROM run r
       WHERE r.parent_task_id = ANY ($1::uuid[]) AND r.dedupe IS NOT NULL AND r.status IN ('FAILED', 'CANCELLED')
         AND NOT EXISTS (SELECT FROM durable_entry e WHERE e.task_id = r.parent_task_id AND e.child_run_id = r.id)
       ORDER BY r.id FOR NO KEY UPDATE OF r
     )
     UPDATE run r SET dedupe = r.dedupe || ' of ' || r.id FROM locked
     WHERE r.id = locked.id AND r.dedupe IS NOT NULL AND r.status IN ('FAILED', 'CANCELLED')`,
    [taskIds],
  );
}
