import type { Queryable } from '../database/transaction.ts';
import type { Page, Paged } from '../sql/page.ts';
import { type StoredSpan, spansOfTraces } from './span-page.ts';

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

/**
 * Reads the spans of all traces of a run that its tenant may see: the trace of its own context, and each trace in which
 * an attempt's span names the run. `externalId` is the id of the run or of one of its tasks. Returns undefined if the
 * tenant has no such run.
 */
export async function traceOfRun(
  db: Queryable,
  tenantId: string,
  externalId: string,
  page: Page,
): Promise<Paged<StoredSpan> | undefined> {
  const run = await db.query<{ id: string }>(
    `SELECT id FROM run WHERE tenant_id = $1 AND id = $2
     UNION SELECT run_id FROM task WHERE tenant_id = $1 AND id = $2`,
    [tenantId, externalId],
  );
  const runId = run.rows[0]?.id;
  if (!runId) return undefined;
  const traces = await db.query<{ id: string }>(TRACES, [tenantId, runId, MAX_TRACES]);
  const traceIds = traces.rows.map(({ id }) => id);
  return spansOfTraces(db, tenantId, traceIds, page);
}

/** Reads the spans of a trace that a tenant may see. Returns undefined if the tenant has neither a span nor a run in it. */
export async function traceById(
  db: Queryable,
  tenantId: string,
  traceId: string,
  page: Page,
): Promise<Paged<StoredSpan> | undefined> {
  const spans = await spansOfTraces(db, tenantId, [traceId], page);
  if (spans.total > 0) return spans;
  const { rows } = await db.query('SELECT FROM run WHERE tenant_id = $1 AND trace_id = $2 LIMIT 1', [
    tenantId,
    traceId,
  ]);
  return rows.length > 0 ? spans : undefined;
}
