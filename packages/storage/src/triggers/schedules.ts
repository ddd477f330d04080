import { randomUUIDv7 } from 'node:crypto';
import type { Queryable } from '../database/transaction.ts';
import { allOf, given, type MetadataFilter, metadataHas } from '../reads/conditions.ts';
import { countOf, type Page, type Paged, paging } from '../reads/page.ts';

/** A run to be started at a given time. Input and metadata are JSON texts. */
export interface NewSchedule {
  tenantId: string;
  /** Name or id. */
  workflow: string;
  method: 'DEFAULT' | 'API';
  triggerAt: Date;
  input: string;
  additionalMetadata: string;
  /** 1 to 3; left out: the workflow's. */
  priority?: number;
}

/** A schedule, and the run that it became. */
export interface ScheduleView {
  id: string;
  tenantId: string;
  workflowId: string;
  workflowVersionId: string;
  workflowName: string;
  method: 'DEFAULT' | 'API';
  triggerAt: Date;
  input: string;
  additionalMetadata: string;
  priority: number | null;
  createdAt: Date;
  updatedAt: Date;
  firedAt: Date | null;
  /** `SCHEDULED` until it fires, then its run's; null once retention has taken that run. */
  status: 'SCHEDULED' | 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | null;
  runId: string | null;
  runCreatedAt: Date | null;
}

/** What is left out restricts nothing; an empty list neither. */
export interface ScheduleFilter {
  ids?: string[];
  workflowId?: string;
  metadata?: MetadataFilter;
  statuses?: string[];
}

const STATUS = `CASE WHEN s.fired_at IS NULL THEN 'SCHEDULED' WHEN s.error IS NOT NULL THEN 'FAILED'
  WHEN r.status = 'COMPLETED' THEN 'SUCCEEDED' ELSE r.status END`;

const TABLES = 'schedule s JOIN workflow w ON w.id = s.workflow_id LEFT JOIN run r ON r.id = s.run_id';

const SCHEDULE = `SELECT s.id, s.tenant_id AS "tenantId", s.workflow_id AS "workflowId",
    w.version_id AS "workflowVersionId", w.name AS "workflowName", s.method, s.trigger_at AS "triggerAt", s.input,
    s.additional_metadata::text AS "additionalMetadata", s.priority, s.created_at AS "createdAt",
    s.updated_at AS "updatedAt", s.fired_at AS "firedAt", ${STATUS} AS status, s.run_id AS "runId",
    r.created_at AS "runCreatedAt"
  FROM ${TABLES}`;

/** Stores a schedule; the engine's clock hears of it. Undefined when the tenant has no such workflow. */
export async function createSchedule(db: Queryable, schedule: NewSchedule): Promise<string | undefined> {
  const { tenantId, workflow, method, triggerAt, input, additionalMetadata, priority } = schedule;
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO schedule (id, tenant_id, workflow_id, method, trigger_at, input, additional_metadata, priority)
     SELECT $1, tenant_id, id, $4, $5, $6, $7, $8 FROM workflow
     WHERE tenant_id = $2 AND (name = lower($3) OR id::text = lower($3)) RETURNING id`,
    [randomUUIDv7(), tenantId, workflow, method, triggerAt, input, additionalMetadata, priority],
  );
  return rows[0]?.id;
}

export async function viewSchedule(db: Queryable, tenantId: string, id: string): Promise<ScheduleView | undefined> {
  const { rows } = await db.query<ScheduleView>(`${SCHEDULE} WHERE s.tenant_id = $1 AND s.id = $2`, [tenantId, id]);
  return rows[0];
}

/** A tenant's schedules, by the time that they are for or that they were made, newest first unless told otherwise. */
export async function listSchedules(
  db: Queryable,
  tenantId: string,
  filter: ScheduleFilter,
  page: Page,
  { by = 'trigger_at', direction = 'DESC' }: { by?: 'trigger_at' | 'created_at'; direction?: 'ASC' | 'DESC' } = {},
): Promise<Paged<ScheduleView>> {
  const where = allOf(conditions(filter), [tenantId]);
  const source = `WHERE s.tenant_id = $1 AND ${where.sql}`;
  const { rows } = await db.query<ScheduleView>(
    `${SCHEDULE} ${source} ORDER BY s.${by} ${direction}, s.id ${direction} ${paging(page)}`,
    where.params,
  );
  return { total: await countOf(db, `${TABLES} ${source}`, where.params), rows };
}

/** Moves schedules that have not fired yet; resolves to the ids of those that it moved. */
export async function moveSchedules(
  db: Queryable,
  tenantId: string,
  moves: readonly { id: string; triggerAt: Date }[],
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE schedule s SET trigger_at = moved.trigger_at, updated_at = now()
     FROM unnest($2::uuid[], $3::timestamptz[]) AS moved (id, trigger_at)
     WHERE s.tenant_id = $1 AND s.id = moved.id AND s.fired_at IS NULL RETURNING s.id`,
    [tenantId, moves.map(({ id }) => id), moves.map(({ triggerAt }) => triggerAt)],
  );
  return rows.map(({ id }) => id);
}

/** Deletes schedules; what they have started goes on. Resolves to the ids of those that it deleted. */
export async function deleteSchedules(db: Queryable, tenantId: string, filter: ScheduleFilter): Promise<string[]> {
  const where = allOf(conditions(filter), [tenantId]);
  const { rows } = await db.query<{ id: string }>(
    `DELETE FROM schedule WHERE id IN (SELECT s.id FROM ${TABLES} WHERE s.tenant_id = $1 AND ${where.sql})
     RETURNING id`,
    where.params,
  );
  return rows.map(({ id }) => id);
}

function conditions({ ids, workflowId, metadata, statuses }: ScheduleFilter) {
  return [
    given(ids, (parameter) => `s.id = ANY (${parameter}::uuid[])`),
    given(workflowId, (parameter) => `s.workflow_id = ${parameter}`),
    given(statuses, (parameter) => `${STATUS} = ANY (${parameter}::text[])`),
    metadataHas('s.additional_metadata', metadata),
  ];
}

/** A schedule that a workflow's own code makes, perhaps as a child of the task that makes it. */
export interface NewChildSchedule extends Omit<NewSchedule, 'workflow' | 'method'> {
  parent?: { taskId: string; childIndex?: number | undefined; childKey?: string | undefined };
}

/** Stores schedules of a workflow, in one statement; resolves to their ids, in order. */
export async function createSchedules(
  db: Queryable,
  workflowId: string,
  schedules: readonly NewChildSchedule[],
): Promise<string[]> {
  const rows = schedules.map(({ parent, ...schedule }) => ({ id: randomUUIDv7(), ...schedule, ...parent }));
  await db.query(
    `INSERT INTO schedule (id, tenant_id, workflow_id, method, trigger_at, input, additional_metadata, priority,
       parent_task_id, child_index, child_key)
     SELECT x.id, x."tenantId", $1, 'DEFAULT', x."triggerAt", x.input, x."additionalMetadata"::jsonb, x.priority,
       x."taskId", x."childIndex", x."childKey"
     FROM json_to_recordset($2) AS x (id uuid, "tenantId" uuid, "triggerAt" timestamptz, input text,
       "additionalMetadata" text, priority smallint, "taskId" uuid, "childIndex" integer, "childKey" text)`,
    [workflowId, JSON.stringify(rows)],
  );
  return rows.map(({ id }) => id);
}
