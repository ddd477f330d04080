import { isUuid } from '@hatchet-ts/internal/uuid';
import type { Queryable } from '../database/transaction.ts';
import { type RunListFilter, UNITS, whereClause } from '../reads/run-filter.ts';
import type { ViewStatus } from '../reads/runs.ts';
import { condition, joinConditions } from '../sql/conditions.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';

/** A run with a summary of its trace. */
export interface RunTraceSummary {
  runId: string;
  workflowId: string;
  workflowName: string;
  status: ViewStatus;
  createdAt: Date;
  finishedAt: Date | null;
  traceId: string | null;
  /** The run failed because a task exceeded its timeout. */
  timedOut: boolean;
  /** Queue time of the first attempt, in milliseconds. Null after a retry. */
  queuedMs: number | null;
  /** Number of spans in the whole trace, counted up to {@link MAX_COUNTED_SPANS}. */
  spanCount: number;
  /** Number of these spans with an error. */
  errorCount: number;
}

/** Filter for runs and their traces. */
export interface TraceListFilter extends Pick<RunListFilter, 'since' | 'until' | 'statuses' | 'workflowIds'> {
  /** Include child runs. They are also part of their parent's trace. */
  children: boolean;
  workflowNames?: string[];
  runIds?: string[];
  /** Part of a workflow's name or of the metadata, or the id of a run, a task or a trace. */
  text?: string;
}

/** Limit up to which the spans of a trace are counted. */
const MAX_COUNTED_SPANS = 10_000;

/** Number of latest runs that a text search covers. */
const MAX_SEARCHED_RUNS = 10_000;

const TRACE_ID = /^[\da-f]{32}$/i;

const COUNTS = `
  SELECT wanted.id AS "traceId", count(*)::int AS "spanCount",
    (count(*) FILTER (WHERE s.status_code = 'ERROR'))::int AS "errorCount"
  FROM unnest($2::text[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT status_code FROM span WHERE trace_id = wanted.id AND tenant_id = $1 LIMIT ${MAX_COUNTED_SPANS}
  ) AS s GROUP BY wanted.id`;

/** Lists a tenant's runs, newest first, each with a summary of its trace. */
export async function listRunTraces(
  db: Queryable,
  tenantId: string,
  { children, workflowNames, runIds, text, ...filter }: TraceListFilter,
  page: Page,
): Promise<Paged<RunTraceSummary>> {
  const runs = whereClause(filter, UNITS.run, [tenantId]);
  const where = joinConditions(
    [
      condition(workflowNames, (names) => `r.workflow_name = ANY (${names}::text[])`),
      condition(runIds, (ids) => `r.id = ANY (${ids}::uuid[])`),
      condition(text, isUuid(text ?? '') ? matchRun : TRACE_ID.test(text ?? '') ? matchTrace : matchText),
    ],
    runs.params,
  );
  const { total, rows } = await selectPage<Omit<RunTraceSummary, 'spanCount' | 'errorCount'>>(
    db,
    {
      select: `SELECT r.id AS "runId", r.workflow_id AS "workflowId", r.workflow_name AS "workflowName", r.status,
       r.created_at AS "createdAt", r.finished_at AS "finishedAt", r.trace_id AS "traceId",
       r.status = 'FAILED' AND EXISTS (
         SELECT FROM task t WHERE t.run_id = r.id AND t.status = 'FAILED' AND t.error LIKE 'Task exceeded timeout%'
       ) AS "timedOut",
       (SELECT round(extract(epoch FROM t.assigned_at - t.queued_at) * 1000)::float8 FROM task t
         WHERE t.run_id = r.id AND t.retry_count = 0 AND t.assigned_at >= t.queued_at ORDER BY t.step LIMIT 1)
         AS "queuedMs"
     FROM run r`,
      from: 'run r',
      where: `r.tenant_id = $1 AND ${runs.sql} AND ${where.sql}${children ? '' : ' AND r.parent_task_id IS NULL'}`,
      orderBy: 'r.created_at DESC, r.id DESC',
      params: where.params,
    },
    page,
  );
  const traceIds = [...new Set(rows.flatMap(({ traceId }) => traceId ?? []))];
  const counts = await db.query<{ traceId: string; spanCount: number; errorCount: number }>(COUNTS, [
    tenantId,
    traceIds,
  ]);
  const countsOf = new Map(counts.rows.map(({ traceId, ...count }) => [traceId, count]));
  return {
    total,
    rows: rows.map((run) => ({ ...run, ...(countsOf.get(run.traceId ?? '') ?? { spanCount: 0, errorCount: 0 }) })),
  };
}

const matchRun = (id: string) => `r.id = coalesce((SELECT run_id FROM task WHERE id = ${id}::uuid), ${id}::uuid)`;
const matchTrace = (id: string) => `r.trace_id = lower(${id})`;

/** Searches only the latest runs: text has no index, and the whole table would take too long. */
function matchText(text: string): string {
  return `r.id IN (SELECT id FROM run WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT ${MAX_SEARCHED_RUNS})
    AND (strpos(lower(r.workflow_name), lower(${text})) > 0
      OR strpos(lower(r.additional_metadata::text), lower(${text})) > 0)`;
}
