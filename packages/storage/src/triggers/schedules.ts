import { randomUUIDv7 } from 'node:crypto';
import type { Queryable } from '../database/transaction.ts';
import { condition, joinConditions, type MetadataFilter, metadataCondition } from '../sql/conditions.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';
import type { NewTrigger, TriggerView } from './trigger.ts';

/** A schedule to create through the API. */
export interface NewSchedule extends NewTrigger {
  method: 'DEFAULT' | 'API';
  triggerAt: Date;
}

/** A schedule, with its run after it has fired. */
export interface ScheduleView extends TriggerView {
  triggerAt: Date;
  firedAt: Date | null;
  /** `SCHEDULED` until it fires, then the status of its run. Null after retention has deleted that run. */
  status: 'SCHEDULED' | 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | null;
  runId: string | null;
  runCreatedAt: Date | null;
}

/** Filter for schedules. A missing field or an empty list restricts nothing. */
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

/** Stores a schedule. A notification reaches the engine's clock. Returns undefined if the tenant has no such workflow. */
export async function createSchedule(db: Queryable, schedule: NewSchedule): Promise<string | undefined> {
  const { tenantId, workflow, method, triggerAt, input, additionalMetadata, priority } = schedule;
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO schedule (id, tenant_id, workflow_id, method, trigger_at, input, additional_metadata, priority)
     SELECT $1, tenant_id, id, $4, $5, $6, $7, $8 FROM workflow
     WHERE tenant_id = $2 AND (name = $3 OR id::text = lower($3)) RETURNING id`,
    [randomUUIDv7(), tenantId, workflow, method, triggerAt, input, additionalMetadata, priority],
  );
  return rows[0]?.id;
}

export async function viewSchedule(db: Queryable, tenantId: string, id: string): Promise<ScheduleView | undefined> {
  const { rows } = await db.query<ScheduleView>(`${SCHEDULE} WHERE s.tenant_id = $1 AND s.id = $2`, [tenantId, id]);
  return rows[0];
}

/** Lists a tenant's schedules by trigger time or creation time, by default the latest trigger time first. */
export async function listSchedules(
  db: Queryable,
  tenantId: string,
  filter: ScheduleFilter,
  page: Page,
  { by = 'trigger_at', direction = 'DESC' }: { by?: 'trigger_at' | 'created_at'; direction?: 'ASC' | 'DESC' } = {},
): Promise<Paged<ScheduleView>> {
  const where = joinConditions(filterConditions(filter), [tenantId]);
  return selectPage<ScheduleView>(
    db,
    {
      select: SCHEDULE,
      from: TABLES,
      where: `s.tenant_id = $1 AND ${where.sql}`,
      orderBy: `s.${by} ${direction}, s.id ${direction}`,
      params: where.params,
    },
    page,
  );
}

/** Reschedules the schedules that have not fired yet. Resolves to their ids. */
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

/** Deletes schedules. Their runs continue. Resolves to the ids of the deleted schedules. */
export async function deleteSchedules(db: Queryable, tenantId: string, filter: ScheduleFilter): Promise<string[]> {
  const where = joinConditions(filterConditions(filter), [tenantId]);
  const { rows } = await db.query<{ id: string }>(
    `DELETE FROM schedule WHERE id IN (SELECT s.id FROM ${TABLES} WHERE s.tenant_id = $1 AND ${where.sql})
     RETURNING id`,
    where.params,
  );
  return rows.map(({ id }) => id);
}

function filterConditions({ ids, workflowId, metadata, statuses }: ScheduleFilter) {
  return [
    condition(ids, (parameter) => `s.id = ANY (${parameter}::uuid[])`),
    condition(workflowId, (parameter) => `s.workflow_id = ${parameter}`),
    condition(statuses, (parameter) => `${STATUS} = ANY (${parameter}::text[])`),
    metadataCondition('s.additional_metadata', metadata),
  ];
}

/** A schedule that a workflow's own code creates, optionally as a child of the calling task. */
export interface NewChildSchedule extends Omit<NewSchedule, 'workflow' | 'method'> {
  parent?: { taskId: string; childIndex?: number | undefined; childKey?: string | undefined };
}

/** Stores schedules of one workflow, in one statement. Resolves to their ids, in order. */
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
