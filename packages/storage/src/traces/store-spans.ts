import type { Queryable } from '../database/transaction.ts';
import { stringifyExactly } from '../sql/exact-json.ts';
import { correlation, ownerId, type SpanOwner, viewerOf } from './span-owner.ts';
import type { SpanRecord } from './span-record.ts';

/** Columns of the table `span`, with their types and values. The statement is generated from this table. */
const COLUMNS: Record<string, { type: string; of: (span: SpanRecord, owner: SpanOwner) => unknown }> = {
  trace_id: { type: 'text', of: (span) => span.traceId },
  span_id: { type: 'text', of: (span) => span.spanId },
  owner_id: { type: 'uuid', of: (_span, owner) => ownerId(owner) },
  tenant_id: { type: 'uuid', of: (span, owner) => viewerOf(owner, span.attributes) },
  parent_span_id: { type: 'text', of: (span) => span.parentSpanId },
  trace_state: { type: 'text', of: (span) => span.traceState },
  flags: { type: 'bigint', of: (span) => span.flags },
  name: { type: 'text', of: (span) => span.name },
  kind: { type: 'text', of: (span) => span.kind },
  service_name: { type: 'text', of: (span) => span.serviceName },
  scope_name: { type: 'text', of: (span) => span.scopeName },
  scope_version: { type: 'text', of: (span) => span.scopeVersion },
  start_time: { type: 'bigint', of: (span) => span.startTime },
  end_time: { type: 'bigint', of: (span) => span.endTime },
  status_code: { type: 'text', of: (span) => span.statusCode },
  status_message: { type: 'text', of: (span) => span.statusMessage },
  attributes: { type: 'jsonb', of: (span) => stringifyExactly(span.attributes) },
  resource_attributes: { type: 'jsonb', of: (span) => stringifyExactly(span.resourceAttributes) },
  events: { type: 'jsonb', of: (span) => stringifyExactly(span.events) },
  links: { type: 'jsonb', of: (span) => stringifyExactly(span.links) },
  dropped_attributes_count: { type: 'bigint', of: (span) => span.droppedAttributesCount },
  dropped_events_count: { type: 'bigint', of: (span) => span.droppedEventsCount },
  dropped_links_count: { type: 'bigint', of: (span) => span.droppedLinksCount },
  run_id: { type: 'uuid', of: (span) => correlation(span.attributes).runId },
  task_id: { type: 'uuid', of: (span) => correlation(span.attributes).taskId },
  retry_count: { type: 'integer', of: (span) => correlation(span.attributes).retryCount },
};

const NAMES = Object.keys(COLUMNS).join(', ');
const ARRAYS = Object.values(COLUMNS).map(({ type }, index) => `$${index + 1}::${type}[]`);

/** Inserts in the order of the primary key, so that exporters that send the same spans cannot deadlock. */
const INSERT = `
  INSERT INTO span (${NAMES})
  SELECT ${NAMES} FROM unnest(${ARRAYS.join(', ')}) AS sent (${NAMES})
  ORDER BY trace_id, span_id
  ON CONFLICT (trace_id, span_id, owner_id) DO NOTHING`;

/** SQLSTATE classes for faulty data: data exception, and program limit exceeded, such as a row's size. */
const DATA_ERRORS = /^(22|54)/;

/**
 * Stores spans in one statement. A span that is already stored stays unchanged, so a delivery can be repeated.
 *
 * @returns the spans that PostgreSQL rejects for their content. All others are stored.
 * @throws the database's error if it is unavailable. The caller can send all spans again.
 */
export async function storeSpans(database: Queryable, owner: SpanOwner, spans: SpanRecord[]): Promise<SpanRecord[]> {
  if (spans.length === 0) return [];
  try {
    const values = Object.values(COLUMNS).map(({ of }) => spans.map((span) => of(span, owner) ?? null));
    await database.query({ name: 'store-spans', text: INSERT }, values);
    return [];
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (spans.length === 1) return spans;
    const half = spans.length >> 1;
    const first = await storeSpans(database, owner, spans.slice(0, half));
    return [...first, ...(await storeSpans(database, owner, spans.slice(half)))];
  }
}

function isDataError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DATA_ERRORS.test(String(error.code));
}
