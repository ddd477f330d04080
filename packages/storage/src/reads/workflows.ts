import type { Queryable } from '../database/transaction.ts';
import { countOf, type Page, type Paged } from './page.ts';

export interface WorkflowView {
  id: string;
  name: string;
  description: string;
  versionId: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A tenant's workflows by name; with `name`, those whose name contains it, the one that has exactly it first. */
export async function listWorkflows(
  db: Queryable,
  tenantId: string,
  name: string | undefined,
  page: Page,
): Promise<Paged<WorkflowView>> {
  const source = 'workflow w WHERE w.tenant_id = $1 AND strpos(w.name, $2) > 0';
  const params = [tenantId, name?.toLowerCase() ?? ''];
  const { rows } = await db.query<WorkflowView>(
    `SELECT w.id, w.name, w.version_id AS "versionId", w.created_at AS "createdAt", w.updated_at AS "updatedAt",
       (SELECT coalesce(v.definition->>'description', '') FROM workflow_version v WHERE v.id = w.version_id) AS description
     FROM ${source} ORDER BY w.name = $2 DESC, w.name OFFSET $3 LIMIT $4`,
    [...params, page.offset, page.limit],
  );
  return { total: await countOf(db, source, params), rows };
}
