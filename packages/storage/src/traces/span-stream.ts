import type { Queryable } from '../database/transaction.ts';
import { SERVICE_SPAN } from './span-owner.ts';
import { SPAN_BYTES, type SpanRow, type StoredSpan, spanColumns, storedSpan } from './span-row.ts';
import { tracesOfRun } from './trace-spans.ts';

/** Spans and approximate bytes that are read at once. A larger span is read alone. */
const BATCH_SPANS = 500;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Continues after the last key, so the cost of a batch does not depend on the number of spans before it. */
const batchWhere = (condition: string) => `
  WITH candidates AS (
    SELECT * FROM span
    WHERE tenant_id = $1 AND trace_id = ANY ($2::text[]) AND (trace_id, span_id, owner_id) > ($3, $4, $5::uuid)
      AND ${condition}
    ORDER BY trace_id, span_id, owner_id LIMIT ${BATCH_SPANS}
  ), measured AS (
    SELECT *, sum(${SPAN_BYTES}) OVER keys AS bytes, row_number() OVER keys AS position
    FROM candidates WINDOW keys AS (ORDER BY trace_id, span_id, owner_id)
  )
  SELECT ${spanColumns('false')}, owner_id AS "ownerId" FROM measured
  WHERE bytes <= ${BATCH_BYTES} OR position = 1 ORDER BY position`;

const ALL = batchWhere(`NOT ($6::boolean AND ${SERVICE_SPAN})`);

/** Spans of the transactions that committed between the snapshots `$6` and `$7`. The first term uses the index. */
export const ARRIVED = batchWhere(`stored_by >= pg_snapshot_xmin($6::pg_snapshot)
  AND NOT pg_visible_in_snapshot(stored_by, $6::pg_snapshot) AND pg_visible_in_snapshot(stored_by, $7::pg_snapshot)`);

/** Reads all spans of these traces that a tenant may see, complete, in batches of limited size. */
export function allSpans(
  db: Queryable,
  tenantId: string,
  traceIds: readonly string[],
  { withoutServices = false }: { withoutServices?: boolean } = {},
): AsyncGenerator<StoredSpan[]> {
  return batches(db, ALL, tenantId, traceIds, [withoutServices]);
}

/** Position in the arrival of spans: a snapshot of the database. */
export type SpanCursor = string;

/** Form of a {@link SpanCursor}. */
export const SPAN_CURSOR = /^\d{1,20}:\d{1,20}:(\d{1,20}(,\d{1,20})*)?$/;

/** Reads the current cursor: all spans that are visible now are before it. */
export async function currentCursor(db: Queryable): Promise<SpanCursor> {
  const { rows } = await db.query<{ cursor: SpanCursor }>('SELECT pg_current_snapshot()::text AS cursor');
  return rows[0]!.cursor;
}

/** Spans that have arrived after a cursor, and the cursor after them. */
export interface ArrivedSpans {
  cursor: SpanCursor;
  batches: AsyncGenerator<StoredSpan[]>;
}

/** Reads the spans of a run's traces that have arrived after a cursor; without one, all. */
export async function arrivedSpans(
  db: Queryable,
  tenantId: string,
  runId: string,
  after: SpanCursor | undefined,
): Promise<ArrivedSpans> {
  const cursor = await currentCursor(db);
  const traceIds = await tracesOfRun(db, tenantId, runId);
  const known = after === undefined ? [] : await knownTraces(db, tenantId, runId, traceIds, after);
  const unknown = traceIds.filter((id) => !known.includes(id));
  async function* read(): AsyncGenerator<StoredSpan[]> {
    if (unknown.length > 0) yield* allSpans(db, tenantId, unknown);
    if (known.length > 0) yield* batches(db, ARRIVED, tenantId, known, [after, cursor]);
  }
  return { cursor, batches: read() };
}

/** The run's own trace, and those in which a span had named the run before the cursor. */
async function knownTraces(
  db: Queryable,
  tenantId: string,
  runId: string,
  traceIds: readonly string[],
  after: SpanCursor,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT wanted.id FROM unnest($3::text[]) AS wanted (id)
     WHERE EXISTS (SELECT FROM run WHERE run.id = $2 AND run.trace_id = wanted.id)
       OR EXISTS (SELECT FROM span WHERE run_id = $2 AND tenant_id = $1 AND span.trace_id = wanted.id
         AND (stored_by IS NULL OR pg_visible_in_snapshot(stored_by, $4::pg_snapshot)))`,
    [tenantId, runId, traceIds, after],
  );
  return rows.map(({ id }) => id);
}

async function* batches(
  db: Queryable,
  text: string,
  tenantId: string,
  traceIds: readonly string[],
  params: readonly unknown[],
): AsyncGenerator<StoredSpan[]> {
  let key = ['', '', '00000000-0000-0000-0000-000000000000'];
  while (true) {
    const { rows } = await db.query<SpanRow & { ownerId: string }>(text, [tenantId, traceIds, ...key, ...params]);
    const last = rows.at(-1);
    if (!last) return;
    key = [last.traceId, last.spanId, last.ownerId];
    yield rows.map(({ ownerId, ...row }) => storedSpan(row));
  }
}
