import type { Queryable } from '../database/transaction.ts';
import { parseExactly } from '../sql/exact-json.ts';
import type { Page, Paged } from '../sql/page.ts';
import type { Attributes, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatusCode } from './span-record.ts';

/** A span as read from the database. Numbers that a double cannot hold are opaque; see `parseExactly`. */
export interface StoredSpan extends SpanRecord {
  retryCount: number;
  /** The span's attributes, events and links are omitted because the page exceeded its size limit. */
  truncated: boolean;
}

/** Number of spans that a reader can page through. The trace of an endless workflow is endless too. */
export const MAX_SPANS_PER_TRACE = 100_000;
/** Approximate size limit of a page. A single span can be as large as a gRPC message. */
const PAGE_BYTES = 32 * 1024 * 1024;

const ORDER = 'start_time, end_time DESC, trace_id, span_id, owner_id';

/**
 * Selects the page's spans first, by narrow columns along an index and from each trace at most as many as fit the page.
 * Only then reads them completely.
 */
export const PAGE = `
  WITH chosen AS (
    SELECT s.* FROM unnest($2::text[]) AS wanted (id) CROSS JOIN LATERAL (
      SELECT trace_id, span_id, owner_id, start_time, end_time FROM span
      WHERE trace_id = wanted.id AND tenant_id = $1 ORDER BY start_time, end_time DESC, span_id, owner_id LIMIT $3::int + $4::int
    ) AS s ORDER BY ${ORDER} OFFSET $3 LIMIT $4
  ), page AS (
    SELECT span.*, sum(octet_length(name) + coalesce(octet_length(status_message), 0)
      + octet_length(attributes::text) + octet_length(resource_attributes::text)
      + octet_length(events::text) + octet_length(links::text)) OVER (ORDER BY ${ORDER}) > $5::int AS truncated
    FROM span JOIN chosen USING (trace_id, span_id, owner_id, start_time, end_time)
  )
  SELECT trace_id AS "traceId", span_id AS "spanId", parent_span_id AS "parentSpanId", trace_state AS "traceState",
    flags, CASE WHEN truncated THEN left(name, 200) ELSE name END AS name, kind, service_name AS "serviceName",
    scope_name AS "scopeName", scope_version AS "scopeVersion", start_time AS "startTime", end_time AS "endTime",
    status_code AS "statusCode",
    CASE WHEN truncated THEN left(status_message, 200) ELSE status_message END AS "statusMessage",
    CASE WHEN truncated THEN '{}' ELSE attributes::text END AS attributes,
    CASE WHEN truncated THEN '{}' ELSE resource_attributes::text END AS "resourceAttributes",
    CASE WHEN truncated THEN '[]' ELSE events::text END AS events,
    CASE WHEN truncated THEN '[]' ELSE links::text END AS links,
    dropped_attributes_count AS "droppedAttributesCount", dropped_events_count AS "droppedEventsCount",
    dropped_links_count AS "droppedLinksCount", retry_count AS "retryCount", truncated
  FROM page ORDER BY ${ORDER}`;

const COUNT = `
  SELECT count(*)::int AS total
  FROM (SELECT FROM span WHERE trace_id = ANY ($2::text[]) AND tenant_id = $1 LIMIT $3) AS counted`;

/** Reads the spans of these traces that a tenant may see, oldest first, at most the first {@link MAX_SPANS_PER_TRACE}. */
export async function spansOfTraces(
  db: Queryable,
  tenantId: string,
  traceIds: readonly string[],
  page: Page,
): Promise<Paged<StoredSpan>> {
  const { rows: counted } = await db.query<{ total: number }>(COUNT, [tenantId, traceIds, MAX_SPANS_PER_TRACE]);
  const offset = Math.min(page.offset, MAX_SPANS_PER_TRACE);
  const limit = Math.min(page.limit, MAX_SPANS_PER_TRACE - offset);
  const { rows } = await db.query<SpanRow>(PAGE, [tenantId, traceIds, offset, limit, PAGE_BYTES]);
  return { total: counted[0]?.total ?? 0, rows: rows.map(storedSpan) };
}

interface SpanRow {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  traceState: string | null;
  flags: string;
  name: string;
  kind: SpanKind;
  serviceName: string;
  scopeName: string;
  scopeVersion: string;
  startTime: string;
  endTime: string;
  statusCode: SpanStatusCode;
  statusMessage: string | null;
  attributes: string;
  resourceAttributes: string;
  events: string;
  links: string;
  droppedAttributesCount: string;
  droppedEventsCount: string;
  droppedLinksCount: string;
  retryCount: number;
  truncated: boolean;
}

function storedSpan({ parentSpanId, traceState, statusMessage, ...row }: SpanRow): StoredSpan {
  return {
    ...row,
    ...(parentSpanId && { parentSpanId }),
    ...(traceState && { traceState }),
    ...(statusMessage && { statusMessage }),
    flags: Number(row.flags),
    startTime: BigInt(row.startTime),
    endTime: BigInt(row.endTime),
    attributes: parseExactly(row.attributes) as Attributes,
    resourceAttributes: parseExactly(row.resourceAttributes) as Attributes,
    events: parseExactly(row.events) as SpanEvent[],
    links: parseExactly(row.links) as SpanLink[],
    droppedAttributesCount: Number(row.droppedAttributesCount),
    droppedEventsCount: Number(row.droppedEventsCount),
    droppedLinksCount: Number(row.droppedLinksCount),
  };
}
