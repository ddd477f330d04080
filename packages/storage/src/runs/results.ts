import type { Queryable } from '../database/transaction.ts';
import { CONTEXT_COLUMNS, type RunContextColumns, type RunStatus, type TaskStatus } from './rows.ts';

/** A task in the result of its run. */
export interface TaskResult {
  id: string;
  name: string;
  status: TaskStatus;
  /** JSON text. */
  output: string | null;
  error: string | null;
}

/** Result of a run. */
export interface RunResult {
  id: string;
  tenantId: string;
  status: RunStatus;
  finishedAt: Date | null;
  tasks: TaskResult[];
}

/** A run with its input and results so far. */
export interface RunDetails extends RunResult {
  /** JSON text. */
  input: string;
  additionalMetadata: Record<string, unknown>;
}

/** Values that a task's child runs inherit. */
export interface ParentTask extends RunContextColumns {
  taskId: string;
  runId: string;
  additionalMetadata: Record<string, unknown>;
}

const TASKS = `(SELECT json_agg(json_build_object('id', t.id, 'name', t.name, 'status', t.status, 'output', t.output,
  'error', t.error) ORDER BY t.step) FROM task t WHERE t.run_id = r.id) AS tasks`;

/** Reads the results of those runs that have finished. */
export async function finishedRuns(db: Queryable, runIds: readonly string[]): Promise<RunResult[]> {
  const { rows } = await db.query<RunResult>(FINISHED, [runIds]);
  return rows;
}

const FINISHED = {
  name: 'finished-runs',
  text: `SELECT r.id, r.tenant_id AS "tenantId", r.status, r.finished_at AS "finishedAt", ${TASKS}
    FROM run r WHERE r.id = ANY ($1::uuid[]) AND r.finished_at IS NOT NULL`,
};

/** Reads one run of a tenant, with its tasks. */
export async function runDetails(db: Queryable, tenantId: string, runId: string): Promise<RunDetails | undefined> {
  const { rows } = await db.query<RunDetails>(DETAILS, [runId, tenantId]);
  return rows[0];
}

const DETAILS = {
  name: 'run-details',
  text: `SELECT r.id, r.tenant_id AS "tenantId", r.status, r.finished_at AS "finishedAt", r.input,
      r.additional_metadata AS "additionalMetadata", ${TASKS}
    FROM run r WHERE r.id = $1 AND r.tenant_id = $2`,
};

/** Reads the tasks of a tenant that are about to start child runs. */
export async function parentTasks(db: Queryable, tenantId: string, taskIds: readonly string[]): Promise<ParentTask[]> {
  const { rows } = await db.query<ParentTask>(PARENTS, [taskIds, tenantId]);
  return rows;
}

const PARENTS = {
  name: 'parent-tasks',
  text: `SELECT t.id AS "taskId", r.id AS "runId", r.additional_metadata AS "additionalMetadata", ${CONTEXT_COLUMNS}
    FROM task t JOIN run r ON r.id = t.run_id WHERE t.id = ANY ($1::uuid[]) AND t.tenant_id = $2`,
};

/** Finds a run by its own id or by the id of one of its tasks, with its trace context. */
export async function runContext(
  db: Queryable,
  runOrTaskId: string,
): Promise<(RunContextColumns & { runId: string; tenantId: string }) | undefined> {
  const { rows } = await db.query<RunContextColumns & { runId: string; tenantId: string }>(CONTEXT, [runOrTaskId]);
  return rows[0];
}

const CONTEXT = {
  name: 'run-context',
  text: `SELECT r.id AS "runId", r.tenant_id AS "tenantId", ${CONTEXT_COLUMNS} FROM run r
    WHERE r.id = coalesce((SELECT t.run_id FROM task t WHERE t.id = $1), $1)`,
};

/** Finds the run ids of a tenant's tasks, by task id. */
export async function runsOfTasks(
  db: Queryable,
  tenantId: string,
  taskIds: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; runId: string }>(
    {
      name: 'runs-of-tasks',
      text: 'SELECT id, run_id AS "runId" FROM task WHERE id = ANY ($1::uuid[]) AND tenant_id = $2',
    },
    [taskIds, tenantId],
  );
  return new Map(rows.map(({ id, runId }) => [id, runId]));
}

/** Reports if a tenant's run has this pair in its metadata. */
export async function runHasMetadata(
  db: Queryable,
  tenantId: string,
  runId: string,
  key: string,
  value: string,
): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(
    'SELECT additional_metadata ->> $3 IS NOT DISTINCT FROM $4 AS has FROM run WHERE id = $1 AND tenant_id = $2',
    [runId, tenantId, key, value],
  );
  return rows[0]?.has ?? false;
}
