import type { Queryable } from '../database/transaction.ts';

/** Limit up to which the spans of a run are counted. */
export const MAX_COUNTED_SPANS = 10_000;

/** Number of the spans of a run, and of the errors among them. */
export interface SpanCounts {
  spanCount: number;
  errorCount: number;
}

/**
 * A run's spans are those of its traces, except spans that name a run outside its family: itself and its descendants.
 * The page shows the same spans, and counts errors by the same rule (`errorRows` of the waterfall): the worker's and the
 * engine's span of one attempt are one error, and a run's own span is an error only if nothing below it is.
 */
const COUNTS = `
  WITH RECURSIVE descendants (root, run_id) AS (
    SELECT id, id FROM unnest($2::uuid[]) AS id
    UNION
    SELECT root, child.id FROM descendants JOIN task ON task.run_id = descendants.run_id
      JOIN run child ON child.parent_task_id = task.id AND child.dedupe IS NOT NULL
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
        WHERE s.trace_id = wanted.trace_id AND s.tenant_id = $1 AND (s.run_id IS NULL OR family.run_id IS NOT NULL)
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
