import type { Queryable } from '../database/transaction.ts';
import type { EndReason } from '../runs/changes.ts';
import { type Page, type Paged, paging, selectPage } from '../sql/page.ts';
import { type RunListFilter, TASK_STATUS, UNITS, whereClause } from './run-filter.ts';

/** Status of a run or task in Hatchet's API. */
export type ViewStatus = 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** A run without its tasks. Input and metadata are JSON text. */
export interface RunSummary {
  id: string;
  tenantId: string;
  workflowId: string;
  workflowVersionId: string;
  workflowName: string;
  status: ViewStatus;
  input: string;
  additionalMetadata: string;
  parentTaskId: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  traceId: string | null;
}

/** A task in its current attempt. The output is JSON text. */
export interface TaskView {
  id: string;
  /** Unique among all tasks. */
  number: number;
  runId: string;
  stepId: string | null;
  /** Position among the steps of the workflow. */
  step: number;
  name: string;
  action: string;
  status: ViewStatus;
  durable: boolean;
  /** Its parents are not done. Hatchet creates such a task only later, so lists leave it out. */
  waiting: boolean;
  /** Its worker has evicted it while it waits. */
  evicted: boolean;
  retryCount: number;
  createdAt: Date;
  /** Time from which this attempt could run. */
  queuedAt: Date | null;
  assignedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  workerId: string | null;
  output: string | null;
  error: string | null;
  endReason: EndReason | null;
  /** Number of child runs. */
  numSpawnedChildren: number;
}

/** A run with its tasks. */
export interface RunView extends RunSummary {
  /** In the order of the workflow's definition. */
  tasks: TaskView[];
}

/** A task with its run. */
export interface TaskOfRun extends TaskView {
  run: RunSummary;
}

const RUN = `SELECT r.id, r.tenant_id AS "tenantId", r.workflow_id AS "workflowId",
    r.workflow_version_id AS "workflowVersionId", r.workflow_name AS "workflowName", r.status, r.input,
    r.additional_metadata::text AS "additionalMetadata", r.parent_task_id AS "parentTaskId",
    r.created_at AS "createdAt", r.started_at AS "startedAt", r.finished_at AS "finishedAt", r.trace_id AS "traceId"
  FROM run r`;

const TASK = `SELECT t.id, t.seq::float8 AS number, t.run_id AS "runId",
    v.definition->'steps'->t.step->>'id' AS "stepId", t.step, t.name, t.action, ${TASK_STATUS} AS status,
    t.invocation_count IS NOT NULL AS durable, t.status = 'WAITING' AS waiting, t.status = 'EVICTED' AS evicted, t.retry_count AS "retryCount",
    t.created_at AS "createdAt", t.queued_at AS "queuedAt", t.assigned_at AS "assignedAt", t.worker_id AS "workerId",
    t.started_at AS "startedAt", t.finished_at AS "finishedAt", t.output, t.error,
    t.end_reason AS "endReason",
    (SELECT count(*)::int FROM run child WHERE child.parent_task_id = t.id AND child.dedupe IS NOT NULL)
      AS "numSpawnedChildren"
  FROM task t JOIN run r ON r.id = t.run_id LEFT JOIN workflow_version v ON v.id = r.workflow_version_id`;

/** A condition on `task t`, see `TaskView.waiting`. */
const LISTED = `t.status <> 'WAITING'`;

/** Reads one run of a tenant, with its tasks. */
export async function viewRun(db: Queryable, tenantId: string, runId: string): Promise<RunView | undefined> {
  const { rows } = await db.query<RunSummary>(RUN_BY_ID, [tenantId, runId]);
  return (await addTasks(db, rows))[0];
}

const RUN_BY_ID = { name: 'view-run', text: `${RUN} WHERE r.tenant_id = $1 AND r.id = $2` };

/** An attempt that another one followed. */
export interface EarlierAttemptView {
  taskId: string;
  retryCount: number;
  status: Exclude<ViewStatus, 'QUEUED' | 'RUNNING'>;
  endReason: EndReason | null;
  /** The next attempt is a replay's. */
  replayed: boolean;
  workerId: string | null;
  queuedAt: Date | null;
  assignedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date;
  error: string | null;
}

/** Number of earlier attempts that are read: the latest of a run. */
const MAX_EARLIER_ATTEMPTS = 1_000;

/** Reads the attempts of a run's tasks that others followed, oldest first. */
export async function earlierAttempts(db: Queryable, runId: string): Promise<EarlierAttemptView[]> {
  const { rows } = await db.query<EarlierAttemptView>(EARLIER_ATTEMPTS, [runId, MAX_EARLIER_ATTEMPTS]);
  return rows.reverse();
}

const EARLIER_ATTEMPTS = {
  name: 'earlier-attempts',
  text: `SELECT task_id AS "taskId", a.retry_count AS "retryCount",
      CASE a.status WHEN 'SKIPPED' THEN 'COMPLETED' ELSE a.status END AS status, a.end_reason AS "endReason", replayed,
      a.worker_id AS "workerId", a.queued_at AS "queuedAt", a.assigned_at AS "assignedAt", a.started_at AS "startedAt",
      a.finished_at AS "finishedAt", a.error
    FROM task t JOIN task_attempt a ON a.task_id = t.id WHERE t.run_id = $1
    ORDER BY a.finished_at DESC, a.retry_count DESC LIMIT $2`,
};

/**
 * Reads the parents of each step of a workflow version, as positions in its definition. Empty if the version does not
 * exist.
 */
export async function parentsOfSteps(db: Queryable, versionId: string): Promise<number[][]> {
  const { rows } = await db.query<{ parents: number[] }>(PARENTS, [versionId]);
  return rows.map(({ parents }) => parents);
}

const PARENTS = {
  name: 'parents-of-steps',
  text: `SELECT step -> 'parents' AS parents FROM workflow_version,
      jsonb_array_elements(definition -> 'steps') WITH ORDINALITY AS steps (step, position)
    WHERE id = $1 ORDER BY position`,
};

/** Lists the ids of a tenant's runs, newest first. */
export async function listRunIds(
  db: Queryable,
  tenantId: string,
  filter: RunListFilter,
  most: number,
): Promise<string[]> {
  const where = whereClause(filter, UNITS.run, [tenantId]);
  const { rows } = await db.query<{ id: string }>(
    `SELECT r.id FROM run r WHERE r.tenant_id = $1 AND ${where.sql} ORDER BY r.created_at DESC, r.id DESC
     ${paging({ offset: 0, limit: most })}`,
    where.params,
  );
  return rows.map(({ id }) => id);
}

/** Counts a tenant's tasks by status. */
export async function countTasks(
  db: Queryable,
  tenantId: string,
  filter: RunListFilter,
): Promise<{ status: ViewStatus; count: number }[]> {
  const where = whereClause(filter, UNITS.task, [tenantId]);
  const { rows } = await db.query<{ status: ViewStatus; count: number }>(
    `SELECT ${TASK_STATUS} AS status, count(*)::int AS count FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.tenant_id = $1 AND r.tenant_id = $1 AND ${LISTED} AND ${where.sql} GROUP BY 1`,
    where.params,
  );
  return rows;
}

/** Reads one task of a tenant, with its run. */
export async function viewTask(db: Queryable, tenantId: string, taskId: string): Promise<TaskOfRun | undefined> {
  const { rows } = await db.query<TaskView>(`${TASK} WHERE t.tenant_id = $1 AND t.id = $2 AND ${LISTED}`, [
    tenantId,
    taskId,
  ]);
  return (await addRuns(db, rows))[0];
}

/** Lists a tenant's runs, newest first, with their tasks. */
export async function listRuns(
  db: Queryable,
  tenantId: string,
  filter: RunListFilter,
  page: Page,
): Promise<Paged<RunView>> {
  const where = whereClause(filter, UNITS.run, [tenantId]);
  const { total, rows } = await selectPage<RunSummary>(
    db,
    {
      select: RUN,
      from: 'run r',
      where: `r.tenant_id = $1 AND ${where.sql}`,
      orderBy: 'r.created_at DESC, r.id DESC',
      params: where.params,
    },
    page,
  );
  return { total, rows: await addTasks(db, rows) };
}

/** Lists a tenant's tasks, newest first, each with its run. */
export async function listTasks(
  db: Queryable,
  tenantId: string,
  filter: RunListFilter,
  page: Page,
): Promise<Paged<TaskOfRun>> {
  const where = whereClause(filter, UNITS.task, [tenantId]);
  const { total, rows } = await selectPage<TaskView>(
    db,
    {
      select: TASK,
      from: 'task t JOIN run r ON r.id = t.run_id',
      where: `t.tenant_id = $1 AND ${LISTED} AND ${where.sql}`,
      orderBy: 't.created_at DESC, t.id DESC',
      params: where.params,
    },
    page,
  );
  return { total, rows: await addRuns(db, rows) };
}

async function addTasks(db: Queryable, runs: RunSummary[]): Promise<RunView[]> {
  if (runs.length === 0) return [];
  const ids = runs.map(({ id }) => id);
  const { rows } = await db.query<TaskView>(TASKS_OF_RUNS, [ids]);
  const tasks = Map.groupBy(rows, ({ runId }) => runId);
  return runs.map((run) => ({ ...run, tasks: tasks.get(run.id) ?? [] }));
}

const TASKS_OF_RUNS = {
  name: 'view-tasks-of-runs',
  text: `${TASK} WHERE t.run_id = ANY ($1::uuid[]) ORDER BY t.step`,
};

async function addRuns(db: Queryable, tasks: TaskView[]): Promise<TaskOfRun[]> {
  if (tasks.length === 0) return [];
  const { rows } = await db.query<RunSummary>(`${RUN} WHERE r.id = ANY ($1::uuid[])`, [
    tasks.map((task) => task.runId),
  ]);
  const runs = new Map(rows.map((run) => [run.id, run]));
  return tasks.flatMap((task) => {
    const run = runs.get(task.runId);
    return run ? [{ ...task, run }] : [];
  });
}
