import { randomUUIDv7 } from 'node:crypto';
import type { Queryable } from '../database/transaction.ts';
import { allOf, given, type MetadataFilter, metadataHas } from '../reads/conditions.ts';
import { countOf, type Page, type Paged, paging } from '../reads/page.ts';
import { nextFireAt } from './cron-expression.ts';

/** Runs to be started again and again. Input and metadata are JSON texts. */
export interface NewCron {
  tenantId: string;
  /** Name or id. */
  workflow: string;
  name: string;
  expression: string;
  input: string;
  additionalMetadata: string;
  /** 1 to 3; left out: the workflow's. */
  priority?: number;
}

export interface CronView {
  id: string;
  tenantId: string;
  workflowId: string;
  workflowVersionId: string;
  workflowName: string;
  /** `DEFAULT`: declared by the workflow. */
  method: 'DEFAULT' | 'API';
  name: string;
  expression: string;
  enabled: boolean;
  input: string;
  additionalMetadata: string;
  priority: number | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What is left out restricts nothing. */
export interface CronFilter {
  workflowId?: string;
  workflowName?: string;
  name?: string;
  metadata?: MetadataFilter;
}

const TABLES = 'cron c JOIN workflow w ON w.id = c.workflow_id';

const CRON = `SELECT c.id, c.tenant_id AS "tenantId", c.workflow_id AS "workflowId", w.version_id AS "workflowVersionId",
    w.name AS "workflowName", c.method, c.name, c.expression, c.enabled, c.input,
    c.additional_metadata::text AS "additionalMetadata", c.priority, c.created_at AS "createdAt",
    c.updated_at AS "updatedAt"
  FROM ${TABLES}`;

/**
 * Stores a cron; the engine's clock hears of it.
 *
 * @returns its id, or why there is none: the tenant has no such workflow, or the workflow has this very cron already.
 * @throws CronExpressionError
 */
export async function createCron(db: Queryable, cron: NewCron): Promise<{ id: string } | 'no-workflow' | 'exists'> {
  const { tenantId, workflow, name, expression, input, additionalMetadata, priority } = cron;
  const { rows } = await db.query<{ id: string | null }>(
    `WITH wanted AS (
       SELECT tenant_id, id FROM workflow WHERE tenant_id = $2 AND (name = lower($3) OR id::text = lower($3))
     ), made AS (
       INSERT INTO cron (id, tenant_id, workflow_id, method, name, expression, input, additional_metadata, priority,
                         next_fire_at)
       SELECT $1, tenant_id, id, 'API', $4, $5, $6, $7, $8, $9 FROM wanted
       ON CONFLICT (workflow_id, method, name, expression) DO NOTHING RETURNING id
     )
     SELECT made.id FROM wanted LEFT JOIN made ON true`,
    [
      randomUUIDv7(),
      tenantId,
      workflow,
      name,
      expression,
      input,
      additionalMetadata,
      priority,
      nextFireAt(expression, new Date()),
    ],
  );
  if (!rows[0]) return 'no-workflow';
  return rows[0].id === null ? 'exists' : { id: rows[0].id };
}

export async function viewCron(db: Queryable, tenantId: string, id: string): Promise<CronView | undefined> {
  const { rows } = await db.query<CronView>(`${CRON} WHERE c.tenant_id = $1 AND c.id = $2`, [tenantId, id]);
  return rows[0];
}

/** A tenant's crons, newest first unless told otherwise. */
export async function listCrons(
  db: Queryable,
  tenantId: string,
  { workflowId, workflowName, name, metadata }: CronFilter,
  page: Page,
  { by = 'created_at', direction = 'DESC' }: { by?: 'name' | 'created_at'; direction?: 'ASC' | 'DESC' } = {},
): Promise<Paged<CronView>> {
  const where = allOf(
    [
      given(workflowId, (parameter) => `c.workflow_id = ${parameter}`),
      given(workflowName, (parameter) => `w.name = lower(${parameter})`),
      given(name, (parameter) => `c.name = ${parameter}`),
      metadataHas('c.additional_metadata', metadata),
    ],
    [tenantId],
  );
  const source = `WHERE c.tenant_id = $1 AND ${where.sql}`;
  const { rows } = await db.query<CronView>(
    `${CRON} ${source} ORDER BY c.${by} ${direction}, c.id ${direction} ${paging(page)}`,
    where.params,
  );
  return { total: await countOf(db, `${TABLES} ${source}`, where.params), rows };
}

/** Deletes a cron; what it has started goes on. */
export async function deleteCron(db: Queryable, tenantId: string, id: string): Promise<void> {
  await db.query('DELETE FROM cron WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
}

/** Stops a cron or lets it go on: it then fires next at the first moment from now on. */
export async function setCronEnabled(db: Queryable, cron: CronView, enabled: boolean): Promise<void> {
  await db.query(
    `UPDATE cron SET enabled = $3, next_fire_at = $4, updated_at = now()
     WHERE tenant_id = $1 AND id = $2 AND enabled <> $3`,
    [cron.tenantId, cron.id, enabled, nextFireAt(cron.expression, new Date())],
  );
}
