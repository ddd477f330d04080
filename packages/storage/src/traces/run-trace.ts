import type { Queryable } from '../database/transaction.ts';
import { parseExactly, stringifyExactly } from '../json/exact-json.ts';

/** A span of a run in the shape of Hatchet's REST contract, and what that shape leaves out. */
export interface TraceRow {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  spanName: string;
  spanKind: string;
  serviceName: string;
  statusCode: string;
  statusMessage?: string;
  durationNs: number;
  /** When the span began, RFC 3339. */
  createdAt: string;
  /** Values are text: a string as it is, anything else as JSON. */
  resourceAttributes: Record<string, string>;
  spanAttributes: Record<string, string>;
  scopeName: string;
  scopeVersion: string;
  retryCount: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  events: { name: string; timeUnixNano: string; attributes: Record<string, string> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, string> }[];
}

/** A page of a run's spans, oldest first. */
export interface RunTrace {
  /** Spans on all pages. */
  total: number;
  rows: TraceRow[];
}

/** All traces that the run is in: the one of its own context, and those in which an attempt says that it worked for it. */
const RUN_SPANS = `
  WITH traces AS (
    SELECT trace_id FROM run WHERE id = $2 AND tenant_id = $1 AND trace_id IS NOT NULL
    UNION
    SELECT trace_id FROM span WHERE run_id = $2 AND tenant_id = $1
  )
  SELECT * FROM span WHERE tenant_id = $1 AND trace_id IN (SELECT trace_id FROM traces)`;

const PAGE = `
  SELECT trace_id, span_id, parent_span_id, name, kind, service_name, status_code, status_message, scope_name,
         scope_version, retry_count, start_time, end_time, attributes::text, resource_attributes::text, events::text,
         links::text
  FROM (${RUN_SPANS}) AS run_span
  ORDER BY start_time, end_time DESC, trace_id, span_id
  OFFSET $3 LIMIT $4`;

/**
 * The spans that a tenant may see of a run, given the id of the run or of one of its tasks; undefined when the tenant has
 * no such run.
 */
export async function traceOfRun(
  database: Queryable,
  tenantId: string,
  externalId: string,
  page: { offset: number; limit: number },
): Promise<RunTrace | undefined> {
  const run = await database.query<{ id: string }>(
    `SELECT id FROM run WHERE tenant_id = $1 AND id = $2
     UNION SELECT run_id FROM task WHERE tenant_id = $1 AND id = $2`,
    [tenantId, externalId],
  );
  const runId = run.rows[0]?.id;
  if (!runId) return undefined;
  const count = await database.query<{ total: string }>(`SELECT count(*) AS total FROM (${RUN_SPANS}) AS run_span`, [
    tenantId,
    runId,
  ]);
  const { rows } = await database.query<SpanRow>(PAGE, [tenantId, runId, page.offset, page.limit]);
  return { total: Number(count.rows[0]?.total ?? 0), rows: rows.map(toTraceRow) };
}

interface SpanRow {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  name: string;
  kind: string;
  service_name: string;
  status_code: string;
  status_message: string | null;
  scope_name: string;
  scope_version: string;
  retry_count: number;
  start_time: string;
  end_time: string;
  attributes: string;
  resource_attributes: string;
  events: string;
  links: string;
}

interface StoredEvent {
  name: string;
  timeUnixNano: string;
  attributes: Record<string, unknown>;
}

interface StoredLink {
  traceId: string;
  spanId: string;
  attributes: Record<string, unknown>;
}

function toTraceRow(row: SpanRow): TraceRow {
  const start = BigInt(row.start_time);
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...(row.parent_span_id && { parentSpanId: row.parent_span_id }),
    spanName: row.name,
    spanKind: row.kind,
    serviceName: row.service_name,
    statusCode: row.status_code,
    ...(row.status_message && { statusMessage: row.status_message }),
    durationNs: Number(BigInt(row.end_time) - start),
    createdAt: new Date(Number(start / 1_000_000n)).toISOString(),
    resourceAttributes: asText(parseExactly(row.resource_attributes) as Record<string, unknown>),
    spanAttributes: asText(parseExactly(row.attributes) as Record<string, unknown>),
    scopeName: row.scope_name,
    scopeVersion: row.scope_version,
    retryCount: row.retry_count,
    startTimeUnixNano: row.start_time,
    endTimeUnixNano: row.end_time,
    events: (parseExactly(row.events) as StoredEvent[]).map(({ name, timeUnixNano, attributes }) => ({
      name,
      timeUnixNano,
      attributes: asText(attributes),
    })),
    links: (parseExactly(row.links) as StoredLink[]).map(({ traceId, spanId, attributes }) => ({
      traceId,
      spanId,
      attributes: asText(attributes),
    })),
  };
}

function asText(attributes: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : stringifyExactly(value)]),
  );
}
