import type { Queryable } from '../database/transaction.ts';

/** Limit up to which the spans of a run are counted. */
export const MAX_COUNTED_SPANS = 10_000;

/** Number of the spans of a run, and of the errors among them. */
export interface SpanCounts {
  spanCount: number;
  errorCount: number;
}

/**
 * A run's spans are those of its traces, except spans that name a run outside its family: itself, its descendants, and
 * runs whose context begins in one of these, such as those that their events have started. Spans that name no run count for
 * the runs that no other run of the trace has started.
 * The page shows the same spans, and counts errors by the same rule (`errorRows` of the waterfall): the worker's and the
 * engine's span of one attempt are one error, and a run's own span is an error only if nothing below it is.
 */
const COUNTS = `
  WITH RECURSIVE edges AS MATERIALIZED (
    SELECT child.id AS child, coalesce(child.parent_run_id, nullif(parent.run_id, child.id)) AS parent
    FROM run child LEFT JOIN span parent
      ON parent.trace_id = child.trace_id AND parent.span_id = substr(child.traceparent, 37, 16)
    WHERE child.tenant_id = $1 AND child.trace_id IN (SELECT trace_id FROM run WHERE id = ANY ($2::uuid[]))
    LIMIT ${MAX_COUNTED_SPANS}
  ), descendants (root, run_id) AS (
    SELECT id, id FROM unnest($2::uuid[]) AS id
    UNION
    SELECT root, child FROM descendants JOIN edges ON edges.parent = descendants.run_id
  ), family AS MATERIALIZED (
    SELECT * FROM descendants LIMIT ${MAX_COUNTED_SPANS}
  )
  SELECT wanted.id AS "runId", count(*)::int AS "spanCount",
    greatest(count(DISTINCT error), coalesce(bool_or(name = 'hatchet.engine.workflow_run' AND failed), false)::int)::int AS "errorCount"
  FROM run wanted CROSS JOIN LATERAL (
    SELECT name, failed, CASE
        WHEN NOT failed OR name = 'hatchet.engine.workflow_run' THEN NULL
        WHEN task_id IS NOT NULL AND (name = 'hatchet.engine.start_step_run' OR name ~ '^hatchet\\.start_step_run(\\.|$)')
          THEN task_id || ' ' || retry_count
        ELSE trace_id || span_id END AS error
    FROM (
      (SELECT s.*, s.status_code = 'ERROR' AS failed FROM span s
        LEFT JOIN family ON family.root = wanted.id AND family.run_id = s.run_id
        WHERE s.trace_id = wanted.trace_id AND s.tenant_id = $1 AND (family.run_id IS NOT NULL
          OR s.run_id IS NULL AND NOT EXISTS (SELECT FROM edges WHERE edges.child = wanted.id AND edges.parent IS NOT NULL))
        LIMIT ${MAX_COUNTED_SPANS})
      UNION ALL
      (SELECT s.*, s.status_code = 'ERROR' AS failed FROM span s
        WHERE s.run_id = wanted.id AND s.tenant_id = $1 AND s.trace_id IS DISTINCT FROM wanted.trace_id
        LIMIT ${MAX_COUNTED_SPANS})
    ) AS spans LIMIT ${MAX_COUNTED_SPANS}
  ) AS counted
  WHERE wanted.tenant_id = $1 AND wanted.id = ANY ($2::uuid[]) GROUP BY wanted.id`;

/** Counts the spans and errors of runs. A run without spans is left out. */
export async function countSpans(
  db: Queryable,
  tenantId: string,
  runIds: readonly string[],
): Promise<Map<string, SpanCounts>> {
  if (runIds.length === 0) return new Map();
  const { rows } = await db.query<SpanCounts & { runId: string }>(COUNTS, [tenantId, runIds]);
  return new Map(rows.map(({ runId, ...counts }) => [runId, counts]));
}

const WITH_ARRIVALS = `
  SELECT r.id FROM run r WHERE r.tenant_id = $1 AND r.id = ANY ($2::uuid[]) AND EXISTS (
    SELECT FROM span s WHERE s.trace_id = r.trace_id AND s.stored_by >= pg_snapshot_xmin($3::pg_snapshot)
      AND NOT pg_visible_in_snapshot(s.stored_by, $3::pg_snapshot))`;

/** Finds the runs of which spans may have arrived after a cursor. */
export async function runsWithArrivals(
  db: Queryable,
  tenantId: string,
  runIds: readonly string[],
  after: string,
): Promise<string[]> {
  if (runIds.length === 0) return [];
  const { rows } = await db.query<{ id: string }>(WITH_ARRIVALS, [tenantId, runIds, after]);
  return rows.map(({ id }) => id);
}
