import type { Queryable } from '../database/transaction.ts';
import type { Paged } from '../sql/page.ts';
import { type SpanPage, spansOfTraces } from './span-page.ts';
import type { StoredSpan } from './span-row.ts';

/** Limit of traces per run. A run with endless retries has endless traces. */
const MAX_TRACES = 100;

/** Skips from one trace to the next along the index, so the number of spans does not matter. */
const TRACES = `
  WITH RECURSIVE named (trace_id, number) AS (
    (SELECT trace_id, 1 FROM span WHERE run_id = $2 AND tenant_id = $1 ORDER BY trace_id LIMIT 1)
    UNION ALL
    SELECT next.trace_id, number + 1 FROM named CROSS JOIN LATERAL (
      SELECT trace_id FROM span WHERE run_id = $2 AND tenant_id = $1 AND trace_id > named.trace_id
      ORDER BY trace_id LIMIT 1
    ) AS next WHERE number < $3
  )
  SELECT trace_id AS id FROM run WHERE id = $2 AND tenant_id = $1 AND trace_id IS NOT NULL
  UNION SELECT trace_id FROM named`;

/** A run or one of its tasks, or a trace. */
export type TraceSelection = { runId: string } | { traceId: string };

/**
 * Finds the traces of a selection. Those of a run are the trace of its own context, and each trace in which an attempt's
 * span names the run. Returns undefined if the tenant has no such run, or neither a span nor a run in the trace.
 */
export async function selectedTraces(
  db: Queryable,
  tenantId: string,
  selection: TraceSelection,
): Promise<string[] | undefined> {
  if ('traceId' in selection) {
    const { rows } = await db.query(IN_TRACE, [tenantId, selection.traceId]);
    return rows.length > 0 ? [selection.traceId] : undefined;
  }
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM run WHERE tenant_id = $1 AND id = $2
     UNION SELECT run_id FROM task WHERE tenant_id = $1 AND id = $2`,
    [tenantId, selection.runId],
  );
  return rows[0] && tracesOfRun(db, tenantId, rows[0].id);
}

const IN_TRACE = `(SELECT FROM span WHERE tenant_id = $1 AND trace_id = $2 LIMIT 1)
  UNION ALL (SELECT FROM run WHERE tenant_id = $1 AND trace_id = $2 LIMIT 1)`;

/** Finds the traces of a run. */
export async function tracesOfRun(db: Queryable, tenantId: string, runId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(TRACES, [tenantId, runId, MAX_TRACES]);
  return rows.map(({ id }) => id);
}

/** Reads a page of the spans of a selection that a tenant may see, oldest first. Undefined: see {@link selectedTraces}. */
export async function selectedSpans(
  db: Queryable,
  tenantId: string,
  selection: TraceSelection,
  page: SpanPage,
): Promise<Paged<StoredSpan> | undefined> {
  const traceIds = await selectedTraces(db, tenantId, selection);
  return traceIds && spansOfTraces(db, tenantId, traceIds, page);
}
