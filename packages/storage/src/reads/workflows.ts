import type { Queryable } from '../database/transaction.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { countOf, type Page, type Paged, paging } from './page.ts';

export interface WorkflowView {
  id: string;
  name: string;
  description: string;
  versionId: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A version of a workflow and what it consists of. */
export interface WorkflowVersionView {
  id: string;
  createdAt: Date;
  /** From 1, in the order in which they were first registered. */
  order: number;
  definition: WorkflowDefinition;
}

const WORKFLOW = `SELECT w.id, w.name, w.version_id AS "versionId", w.created_at AS "createdAt",
    w.updated_at AS "updatedAt",
    (SELECT coalesce(v.definition->>'description', '') FROM workflow_version v WHERE v.id = w.version_id) AS description
  FROM workflow w`;

/** One workflow of a tenant. */
export async function viewWorkflow(db: Queryable, tenantId: string, id: string): Promise<WorkflowView | undefined> {
  const { rows } = await db.query<WorkflowView>(`${WORKFLOW} WHERE w.tenant_id = $1 AND w.id = $2`, [tenantId, id]);
  return rows[0];
}

/** A version of a workflow that is known to be the tenant's; the current one unless told otherwise. */
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

/** Deletes a workflow with its triggers, schedules and crons; its runs go on. The engine hears of it. */
export async function deleteWorkflow(db: Queryable, tenantId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM workflow WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
  return rowCount === 1;
}

/** A tenant's workflows by name; with `name`, those whose name contains it, the one that has exactly it first. */
export async function listWorkflows(
  db: Queryable,
  tenantId: string,
  name: string | undefined,
  page: Page,
): Promise<Paged<WorkflowView>> {
  const source = 'WHERE w.tenant_id = $1 AND strpos(w.name, $2) > 0';
  const params = [tenantId, name?.toLowerCase() ?? ''];
  const { rows } = await db.query<WorkflowView>(
    `${WORKFLOW} ${source} ORDER BY w.name = $2 DESC, w.name ${paging(page)}`,
    params,
  );
  return { total: await countOf(db, `workflow w ${source}`, params), rows };
}
