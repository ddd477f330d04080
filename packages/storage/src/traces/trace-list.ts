import { isUuid } from '@hatchet-ts/internal/uuid';
import type { Queryable } from '../database/transaction.ts';
import { type RunListFilter, UNITS, whereClause } from '../reads/run-filter.ts';
import type { ViewStatus } from '../reads/runs.ts';
import { condition, joinConditions } from '../sql/conditions.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';
import { countSpans, type SpanCounts } from './span-counts.ts';

/** A run, without the numbers of its spans. */
export interface RunTrace {
  runId: string;
  workflowId: string;
  workflowName: string;
  status: ViewStatus;
  createdAt: Date;
  finishedAt: Date | null;
  traceId: string | null;
  /** Reason of the first task that ended for one: it exceeded its timeout, or no worker took it. */
  endReason: 'timed_out' | 'not_scheduled' | null;
  /** Error of that task. */
  endError: string | null;
  /** Queue time of the first attempt, in milliseconds. Null after a retry. */
  queuedMs: number | null;
}

/** A run with a summary of its trace. */
export interface RunTraceSummary extends RunTrace, SpanCounts {}

/** Filter for runs and their traces. */
export interface TraceListFilter extends Pick<RunListFilter, 'since' | 'until' | 'statuses' | 'workflowIds'> {
  /** Include child runs. They are also part of their parent's trace. */
  children: boolean;
  workflowNames?: string[];
  runIds?: string[];
  /** Part of a workflow's name or of the metadata, or the id of a run, a task or a trace. */
  text?: string;
}

/** Number of latest runs that a text search covers. */
const MAX_SEARCHED_RUNS = 10_000;

const TRACE_ID = /^[\da-f]{32}$/i;

/** Lists a tenant's runs, newest first, each with a summary of its trace. */
export async function listRunTraces(
  db: Queryable,
  tenantId: string,
  filter: TraceListFilter,
  page: Page,
): Promise<Paged<RunTraceSummary>> {
  const { total, rows } = await listTracedRuns(db, tenantId, filter, page);
  const counts = await countSpans(
    db,
    tenantId,
    rows.map(({ runId }) => runId),
  );
  return { total, rows: rows.map((run) => ({ ...run, ...(counts.get(run.runId) ?? NO_SPANS) })) };
}

export const NO_SPANS: SpanCounts = { spanCount: 0, errorCount: 0 };

/** Lists a tenant's runs, newest first, without counting their spans. */
export async function listTracedRuns(
  db: Queryable,
  tenantId: string,
  { children, workflowNames, runIds, text, ...filter }: TraceListFilter,
  page: Page,
): Promise<Paged<RunTrace>> {
  const runs = whereClause(filter, UNITS.run, [tenantId]);
  const where = joinConditions(
    [
      condition(workflowNames, (names) => `r.workflow_name = ANY (${names}::text[])`),
      condition(runIds, (ids) => `r.id = ANY (${ids}::uuid[])`),
      condition(text, isUuid(text ?? '') ? matchRun : TRACE_ID.test(text ?? '') ? matchTrace : matchText),
    ],
    runs.params,
  );
  return selectPage<RunTrace>(
    db,
    {
      select: `SELECT r.id AS "runId", r.workflow_id AS "workflowId", r.workflow_name AS "workflowName", r.status,
       r.created_at AS "createdAt", r.finished_at AS "finishedAt", r.trace_id AS "traceId",
       ended.reason AS "endReason", ended.error AS "endError",
       (SELECT round(extract(epoch FROM t.assigned_at - t.queued_at) * 1000)::float8 FROM task t
         WHERE t.run_id = r.id AND t.retry_count = 0 AND t.assigned_at >= t.queued_at ORDER BY t.step LIMIT 1)
         AS "queuedMs"
     FROM run r LEFT JOIN LATERAL (
       SELECT t.end_reason AS reason, t.error FROM task t
       WHERE r.status IN ('FAILED', 'CANCELLED') AND t.run_id = r.id AND t.status = r.status
         AND t.end_reason IN ('timed_out', 'not_scheduled') ORDER BY t.step LIMIT 1
     ) AS ended ON true`,
      from: 'run r',
      where: `r.tenant_id = $1 AND ${runs.sql} AND ${where.sql}${children ? '' : ' AND r.parent_task_id IS NULL'}`,
      orderBy: 'r.created_at DESC, r.id DESC',
      params: where.params,
    },
    page,
  );
}

const matchRun = (id: string) => `r.id = coalesce((SELECT run_id FROM task WHERE id = ${id}::uuid), ${id}::uuid)`;
const matchTrace = (id: string) => `r.trace_id = lower(${id})`;

/** Searches only the latest runs: text has no index, and the whole table would take too long. */
function matchText(text: string): string {
  return `r.id IN (SELECT id FROM run WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT ${MAX_SEARCHED_RUNS})
    AND (strpos(lower(r.workflow_name), lower(${text})) > 0
      OR strpos(lower(r.additional_metadata::text), lower(${text})) > 0)`;
}
