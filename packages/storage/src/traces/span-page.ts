import type { Queryable } from '../database/transaction.ts';
import type { Page, Paged } from '../sql/page.ts';
import { SERVICE_SPAN } from './span-owner.ts';
import { SPAN_BYTES, type SpanRow, type StoredSpan, spanColumns, storedSpan } from './span-row.ts';

/** Number of spans that a reader can page through. The trace of an endless workflow is endless too. */
export const MAX_SPANS_PER_TRACE = 100_000;
/** Approximate size limit of a page. A single span can be as large as a gRPC message. */
const PAGE_BYTES = 32 * 1024 * 1024;

/** The requested part of a trace. */
export interface SpanPage extends Page {
  /** Leaves out the operator's spans, except the `hatchet.engine.*` ones. */
  withoutServices?: boolean;
}

const ORDER = 'start_time, end_time DESC, trace_id, span_id, owner_id';

/**
 * Selects the page's spans first, by narrow columns along an index and from each trace at most as many as fit the page.
 * Only then reads them completely.
 */
export const PAGE = `
  WITH chosen AS (
    SELECT s.* FROM unnest($2::text[]) AS wanted (id) CROSS JOIN LATERAL (
      SELECT trace_id, span_id, owner_id, start_time, end_time FROM span
      WHERE trace_id = wanted.id AND tenant_id = $1 AND NOT ($6::boolean AND ${SERVICE_SPAN})
      ORDER BY start_time, end_time DESC, span_id, owner_id LIMIT $3::int + $4::int
    ) AS s ORDER BY ${ORDER} OFFSET $3 LIMIT $4
  ), page AS (
    SELECT span.*, sum(${SPAN_BYTES}) OVER (ORDER BY ${ORDER}) > $5::int AS truncated
    FROM span JOIN chosen USING (trace_id, span_id, owner_id, start_time, end_time)
  )
  SELECT ${spanColumns('truncated')} FROM page ORDER BY ${ORDER}`;

const COUNT = `
  SELECT count(*)::int AS total
  FROM (SELECT FROM span WHERE trace_id = ANY ($2::text[]) AND tenant_id = $1 AND NOT ($4::boolean AND ${SERVICE_SPAN})
    LIMIT $3) AS counted`;

/** Reads the spans of these traces that a tenant may see, oldest first, at most the first {@link MAX_SPANS_PER_TRACE}. */
export async function spansOfTraces(
  db: Queryable,
  tenantId: string,
  traceIds: readonly string[],
  { withoutServices = false, ...page }: SpanPage,
): Promise<Paged<StoredSpan>> {
  const { rows: counted } = await db.query<{ total: number }>(COUNT, [
    tenantId,
    traceIds,
    MAX_SPANS_PER_TRACE,
    withoutServices,
  ]);
  const offset = Math.min(page.offset, MAX_SPANS_PER_TRACE);
  const limit = Math.min(page.limit, MAX_SPANS_PER_TRACE - offset);
  const { rows } = await db.query<SpanRow>(PAGE, [tenantId, traceIds, offset, limit, PAGE_BYTES, withoutServices]);
  return { total: counted[0]?.total ?? 0, rows: rows.map(storedSpan) };
}
