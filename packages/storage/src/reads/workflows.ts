import type { Queryable } from '../database/transaction.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';

/** A workflow with its current version. */
export interface WorkflowView {
  id: string;
  name: string;
  description: string;
  versionId: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A version of a workflow, with its definition. */
export interface WorkflowVersionView {
  id: string;
  createdAt: Date;
  /** Number of the version, from 1 in the order of first registration. */
  order: number;
  definition: WorkflowDefinition;
}

const WORKFLOW = `SELECT w.id, w.name, w.version_id AS "versionId", w.created_at AS "createdAt",
    w.updated_at AS "updatedAt",
    (SELECT coalesce(v.definition->>'description', '') FROM workflow_version v WHERE v.id = w.version_id) AS description
  FROM workflow w`;

/** Reads one workflow of a tenant. */
export async function viewWorkflow(db: Queryable, tenantId: string, id: string): Promise<WorkflowView | undefined> {
  const { rows } = await db.query<WorkflowView>(`${WORKFLOW} WHERE w.tenant_id = $1 AND w.id = $2`, [tenantId, id]);
  return rows[0];
}

/** Reads a version of a workflow, by default the current one. The caller has checked the tenant. */
export async function viewWorkflowVersion(
  db: Queryable,
  workflow: WorkflowView,
  versionId = workflow.versionId,
): Promise<WorkflowVersionView | undefined> {
  const { rows } = await db.query<WorkflowVersionView>(
    `SELECT * FROM (
       SELECT id, created_at AS "createdAt", definition, (row_number() OVER (ORDER BY created_at, id))::int AS "order"
       FROM workflow_version WHERE workflow_id = $1) AS version
     WHERE id = $2`,
    [workflow.id, versionId],
  );
  return rows[0];
}

/** Deletes a workflow with its triggers, schedules and crons. Its runs continue. A notification reaches the engine. */
export async function deleteWorkflow(db: Queryable, tenantId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM workflow WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
  return rowCount === 1;
}

/** Lists a tenant's workflows by name. `name` restricts them to names that contain it in any case, an exact match first. */
export async function listWorkflows(
  db: Queryable,
  tenantId: string,
  name: string | undefined,
  page: Page,
): Promise<Paged<WorkflowView>> {
  return selectPage<WorkflowView>(
    db,
    {
      select: WORKFLOW,
      from: 'workflow w',
      where: 'w.tenant_id = $1 AND strpos(lower(w.name), lower($2)) > 0',
      orderBy: 'w.name = $2 DESC, w.name',
      params: [tenantId, name ?? ''],
    },
    page,
  );
}
