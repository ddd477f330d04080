import type { Queryable } from '../database/transaction.ts';

/** Filter of Hatchet's clients for the runs to cancel or replay. */
export interface RunFilter {
  since?: Date;
  until?: Date;
  /** Values of `RunStatus`. Empty: any. */
  statuses: readonly string[];
  workflowIds: readonly string[];
  /** A run's metadata must contain all these pairs. */
  additionalMetadata: Record<string, string>;
}

/** A run, or one task of a run, to cancel or replay. */
export interface Target {
  runId: string;
  /** Unset for a whole run. */
  taskId?: string;
}

/** Finds a tenant's unfinished runs and tasks by their ids. */
export async function findUnfinishedByIds(db: Queryable, tenantId: string, ids: readonly string[]): Promise<Target[]> {
  return byIds(db, tenantId, ids, { run: 'finished_at IS NULL', task: 't.finished_at IS NULL' });
}

/** Finds a tenant's unfinished runs that match a filter. */
export async function findUnfinishedByFilter(db: Queryable, tenantId: string, filter: RunFilter): Promise<Target[]> {
  return byFilter(db, tenantId, filter, 'finished_at IS NULL');
}

/** Finds a tenant's finished runs, and tasks of finished runs, by their ids. */
export async function findFinishedByIds(db: Queryable, tenantId: string, ids: readonly string[]): Promise<Target[]> {
  return byIds(db, tenantId, ids, { run: 'finished_at IS NOT NULL', task: 'r.finished_at IS NOT NULL' });
}

/** Finds a tenant's finished runs that match a filter. */
export async function findFinishedByFilter(db: Queryable, tenantId: string, filter: RunFilter): Promise<Target[]> {
  return byFilter(db, tenantId, filter, 'finished_at IS NOT NULL');
}

async function byIds(
  db: Queryable,
  tenantId: string,
  ids: readonly string[],
  condition: { run: string; task: string },
): Promise<Target[]> {
  const { rows } = await db.query<{ runId: string; taskId: string | null }>(
    `SELECT id AS "runId", NULL::uuid AS "taskId" FROM run
     WHERE id = ANY ($1::uuid[]) AND tenant_id = $2 AND ${condition.run}
     UNION ALL
     SELECT t.run_id, t.id FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.id = ANY ($1::uuid[]) AND t.id <> t.run_id AND t.tenant_id = $2 AND ${condition.task}`,
    [ids, tenantId],
  );
  return rows.map(({ runId, taskId }) => (taskId ? { runId, taskId } : { runId }));
}

async function byFilter(db: Queryable, tenantId: string, filter: RunFilter, condition: string): Promise<Target[]> {
  const { rows } = await db.query<{ runId: string }>(
    `SELECT id AS "runId" FROM run
     WHERE tenant_id = $1 AND ${condition} AND created_at >= coalesce($2, '-infinity'::timestamptz)
       AND created_at <= coalesce($3, 'infinity'::timestamptz)
       AND (cardinality($4::text[]) = 0 OR status = ANY ($4))
       AND (cardinality($5::uuid[]) = 0 OR workflow_id = ANY ($5))
       AND additional_metadata @> $6::jsonb`,
    [
      tenantId,
      filter.since,
      filter.until,
      filter.statuses,
      filter.workflowIds,
      JSON.stringify(filter.additionalMetadata),
    ],
  );
  return rows;
}
