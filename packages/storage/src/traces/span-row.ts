import { parseExactly } from '../sql/exact-json.ts';
import type { Attributes, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatusCode } from './span-record.ts';

/** A span as read from the database. Numbers that a double cannot hold are opaque; see `parseExactly`. */
export interface StoredSpan extends SpanRecord {
  retryCount: number;
  /** The span's attributes, events and links are omitted because the page exceeded its size limit. */
  truncated: boolean;
}

/** Approximate size of a span in bytes. */
export const SPAN_BYTES = `(octet_length(name) + coalesce(octet_length(status_message), 0)
  + octet_length(attributes::text) + octet_length(resource_attributes::text)
  + octet_length(events::text) + octet_length(links::text))`;

/**
 * Columns of {@link SpanRow} from `span`.
 *
 * @param truncated condition under which a row's large values are left out
 */
export function spanColumns(truncated: string): string {
  const unless = (column: string, otherwise: string) => `CASE WHEN ${truncated} THEN ${otherwise} ELSE ${column} END`;
  return `trace_id AS "traceId", span_id AS "spanId", parent_span_id AS "parentSpanId", trace_state AS "traceState",
    flags, ${unless('name', 'left(name, 200)')} AS name, kind, service_name AS "serviceName",
    scope_name AS "scopeName", scope_version AS "scopeVersion", start_time AS "startTime", end_time AS "endTime",
    status_code AS "statusCode", ${unless('status_message', 'left(status_message, 200)')} AS "statusMessage",
    ${unless('attributes::text', "'{}'")} AS attributes,
    ${unless('resource_attributes::text', "'{}'")} AS "resourceAttributes",
    ${unless('events::text', "'[]'")} AS events, ${unless('links::text', "'[]'")} AS links,
    dropped_attributes_count AS "droppedAttributesCount", dropped_events_count AS "droppedEventsCount",
    dropped_links_count AS "droppedLinksCount", retry_count AS "retryCount", ${truncated} AS truncated`;
}

export interface SpanRow {
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

export function storedSpan({ parentSpanId, traceState, statusMessage, ...row }: SpanRow): StoredSpan {
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
