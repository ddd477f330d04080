import type { Queryable } from '../database/transaction.ts';
import { countOf, type Page, type Paged, paging } from '../reads/page.ts';
import { type RunListFilter, UNITS, whereClause } from '../reads/run-filter.ts';
import type { ViewStatus } from '../reads/runs.ts';

/** A run and what is known of its trace. */
export interface RunTraceSummary {
  runId: string;
  workflowId: string;
  workflowName: string;
  status: ViewStatus;
  createdAt: Date;
  finishedAt: Date | null;
  traceId: string | null;
  /** Spans of the whole trace, and those of them with an error; at most {@link MOST_COUNTED} are looked at. */
  spanCount: number;
  errorCount: number;
}

/** Which runs to list. */
export interface TraceListFilter extends Pick<RunListFilter, 'since' | 'until' | 'statuses' | 'workflowIds'> {
  /** Also runs that a task of another one has started: those are in that one's trace already. */
  children: boolean;
}

/** How many spans of a trace are counted. */
export const MOST_COUNTED = 10_000;

const COUNTS = `
  SELECT wanted.id AS "traceId", count(*)::int AS "spanCount",
    (count(*) FILTER (WHERE s.status_code = 'ERROR'))::int AS "errorCount"
  FROM unnest($2::text[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT status_code FROM span WHERE trace_id = wanted.id AND tenant_id = $1 LIMIT ${MOST_COUNTED}
  ) AS s GROUP BY wanted.id`;

/** A tenant's runs, newest first, each with what its trace shows. */
export async function listRunTraces(
  db: Queryable,
  tenantId: string,
  { children, ...filter }: TraceListFilter,
  page: Page,
): Promise<Paged<RunTraceSummary>> {
  const where = whereClause(filter, UNITS.run, [tenantId]);
  const source = `run r WHERE r.tenant_id = $1 AND ${where.sql}${children ? '' : ' AND r.parent_task_id IS NULL'}`;
  const { rows } = await db.query<Omit<RunTraceSummary, 'spanCount' | 'errorCount'>>(
    `SELECT r.id AS "runId", r.workflow_id AS "workflowId", r.workflow_name AS "workflowName", r.status,
       r.created_at AS "createdAt", r.finished_at AS "finishedAt", r.trace_id AS "traceId"
     FROM ${source} ORDER BY r.created_at DESC, r.id DESC ${paging(page)}`,
    where.params,
  );
  const traceIds = [...new Set(rows.flatMap(({ traceId }) => traceId ?? []))];
  const counts = await db.query<{ traceId: string; spanCount: number; errorCount: number }>(COUNTS, [
    tenantId,
    traceIds,
  ]);
  const countsOf = new Map(counts.rows.map(({ traceId, ...count }) => [traceId, count]));
  return {
    total: await countOf(db, source, where.params),
    rows: rows.map((run) => ({ ...run, ...(countsOf.get(run.traceId ?? '') ?? { spanCount: 0, errorCount: 0 }) })),
  };
}
