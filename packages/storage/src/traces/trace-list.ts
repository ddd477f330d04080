import type { Queryable } from '../database/transaction.ts';
import { allOf, given } from '../reads/conditions.ts';
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
  /** It failed because a task took too long. */
  timedOut: boolean;
  /** How long its first attempt waited for a worker, in milliseconds; unknown once that was tried again. */
  queuedMs: number | null;
  /** Spans of the whole trace, and those of them with an error; at most {@link MOST_COUNTED} are looked at. */
  spanCount: number;
  errorCount: number;
}

/** Which runs to list. */
export interface TraceListFilter extends Pick<RunListFilter, 'since' | 'until' | 'statuses' | 'workflowIds'> {
  /** Also runs that a task of another one has started: those are in that one's trace already. */
  children: boolean;
  workflowNames?: string[];
  runIds?: string[];
  /** A piece of a workflow's name or of the metadata, or the id of a run or of a trace. */
  text?: string;
}

/** How many spans of a trace are counted. */
export const MOST_COUNTED = 10_000;

/** Among how many of the latest runs a piece of text is looked for. */
const MOST_SEARCHED = 10_000;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const TRACE_ID = /^[\da-f]{32}$/i;

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
  { children, workflowNames, runIds, text, ...filter }: TraceListFilter,
  page: Page,
): Promise<Paged<RunTraceSummary>> {
  const runs = whereClause(filter, UNITS.run, [tenantId]);
  const where = allOf(
    [
      given(workflowNames, (names) => `r.workflow_name = ANY (${names}::text[])`),
      given(runIds, (ids) => `r.id = ANY (${ids}::uuid[])`),
      given(text, UUID.test(text ?? '') ? hasRun : TRACE_ID.test(text ?? '') ? hasTrace : hasText),
    ],
    runs.params,
  );
  const source = `run r WHERE r.tenant_id = $1 AND ${runs.sql} AND ${where.sql}${
    children ? '' : ' AND r.parent_task_id IS NULL'
  }`;
  const { rows } = await db.query<Omit<RunTraceSummary, 'spanCount' | 'errorCount'>>(
    `SELECT r.id AS "runId", r.workflow_id AS "workflowId", r.workflow_name AS "workflowName", r.status,
       r.created_at AS "createdAt", r.finished_at AS "finishedAt", r.trace_id AS "traceId",
       r.status = 'FAILED' AND EXISTS (
         SELECT FROM task t WHERE t.run_id = r.id AND t.status = 'FAILED' AND t.error LIKE 'Task exceeded timeout%'
       ) AS "timedOut",
       (SELECT round(extract(epoch FROM t.assigned_at - t.queued_at) * 1000)::float8 FROM task t
         WHERE t.run_id = r.id AND t.retry_count = 0 AND t.assigned_at >= t.queued_at ORDER BY t.step LIMIT 1)
         AS "queuedMs"
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

const hasRun = (id: string) => `r.id = coalesce((SELECT run_id FROM task WHERE id = ${id}::uuid), ${id}::uuid)`;
const hasTrace = (id: string) => `r.trace_id = lower(${id})`;

/** Neither an index nor a whole table: the latest ones. */
function hasText(text: string): string {
  return `r.id IN (SELECT id FROM run WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT ${MOST_SEARCHED})
    AND (strpos(lower(r.workflow_name), lower(${text})) > 0
      OR strpos(lower(r.additional_metadata::text), lower(${text})) > 0)`;
}
