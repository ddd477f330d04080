import { randomUUIDv7 } from 'node:crypto';
import type { Queryable } from '../database/transaction.ts';
import { condition, joinConditions, type MetadataFilter, metadataCondition } from '../sql/conditions.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';
import { nextFireAt } from './cron-expression.ts';
import type { NewTrigger, TriggerView } from './trigger.ts';

/** A cron to create through the API. */
export interface NewCron extends NewTrigger {
  name: string;
  expression: string;
}

/** A cron. Its name is empty if its workflow declared it. */
export interface CronView extends TriggerView {
  name: string;
  expression: string;
  enabled: boolean;
}

/** The crons that a workflow declares. */
export interface DeclaredCrons {
  expressions: string[];
  /** JSON text. */
  input: string;
}

/** Filter for crons. A missing field restricts nothing. */
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
 * Stores a cron. A notification reaches the engine's clock.
 *
 * @returns the id, `no-workflow` if the tenant has no such workflow, or `exists` if the workflow already has this cron.
 * @throws CronExpressionError
 */
export async function createCron(db: Queryable, cron: NewCron): Promise<{ id: string } | 'no-workflow' | 'exists'> {
  const { tenantId, workflow, name, expression, input, additionalMetadata, priority } = cron;
  const { rows } = await db.query<{ id: string | null }>(
    `WITH wanted AS (
       SELECT tenant_id, id FROM workflow WHERE tenant_id = $2 AND (name = $3 OR id::text = lower($3))
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

/** Lists a tenant's crons, by default newest first. */
export async function listCrons(
  db: Queryable,
  tenantId: string,
  { workflowId, workflowName, name, metadata }: CronFilter,
  page: Page,
  { by = 'created_at', direction = 'DESC' }: { by?: 'name' | 'created_at'; direction?: 'ASC' | 'DESC' } = {},
): Promise<Paged<CronView>> {
  const where = joinConditions(
    [
      condition(workflowId, (parameter) => `c.workflow_id = ${parameter}`),
      condition(workflowName, (parameter) => `w.name = ${parameter}`),
      condition(name, (parameter) => `c.name = ${parameter}`),
      metadataCondition('c.additional_metadata', metadata),
    ],
    [tenantId],
  );
  return selectPage<CronView>(
    db,
    {
      select: CRON,
      from: TABLES,
      where: `c.tenant_id = $1 AND ${where.sql}`,
      orderBy: `c.${by} ${direction}, c.id ${direction}`,
      params: where.params,
    },
    page,
  );
}

/** Deletes a cron. Its runs continue. */
export async function deleteCron(db: Queryable, tenantId: string, id: string): Promise<void> {
  await db.query('DELETE FROM cron WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
}

/** Disables or enables a cron. An enabled cron fires next at its first moment from now on. */
export async function setCronEnabled(db: Queryable, cron: CronView, enabled: boolean): Promise<void> {
  await db.query(
    `UPDATE cron SET enabled = $3, next_fire_at = $4, updated_at = now()
     WHERE tenant_id = $1 AND id = $2 AND enabled <> $3`,
    [cron.tenantId, cron.id, enabled, nextFireAt(cron.expression, new Date())],
  );
}

/**
 * Replaces the declared crons of a workflow, and leaves those of the API alone. A cron that stays keeps its next firing,
 * so that a restarted worker delays nothing.
 *
 * @throws CronExpressionError
 */
export async function declareCrons(
  transaction: Queryable,
  { tenantId, workflowId }: { tenantId: string; workflowId: string },
  { expressions, input }: DeclaredCrons = { expressions: [], input: '{}' },
): Promise<void> {
  const next = expressions.map((expression) => nextFireAt(expression, new Date()));
  await transaction.query(
    `WITH gone AS (
       DELETE FROM cron WHERE workflow_id = $2 AND method = 'DEFAULT' AND expression <> ALL ($4::text[])
     )
     INSERT INTO cron (id, tenant_id, workflow_id, method, name, expression, input, additional_metadata, next_fire_at)
     SELECT x.id, $1, $2, 'DEFAULT', '', x.expression, $5, '{}', x.next_fire_at
     FROM unnest($3::uuid[], $4::text[], $6::timestamptz[]) AS x (id, expression, next_fire_at)
     ON CONFLICT (workflow_id, method, name, expression) DO UPDATE SET input = excluded.input, updated_at = now()
       WHERE cron.input <> excluded.input`,
    [tenantId, workflowId, expressions.map(() => randomUUIDv7()), expressions, input, next],
  );
}
