import { attributesFromOtlp, hexId, kindFromOtlp, type OtlpAttribute, statusFromOtlp } from './otlp-json.ts';
import type { AttributeValue, SpanAttributes, WaterfallSpan } from './span.ts';

/** Row of `GET /api/v1/stable/tenants/{tenant}/traces`: Hatchet's shape, extended by this project. */
export interface TraceRow {
  traceId: string;
  spanId: string;
  parentSpanId?: string | null;
  spanName: string;
  spanKind: string;
  serviceName: string;
  statusCode: string;
  statusMessage?: string | null;
  /** Nanoseconds. */
  durationNs: number | string;
  /** Start of the span, RFC 3339; the only time in Hatchet's own rows. */
  createdAt: string;
  spanAttributes?: RowAttributes | null;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  events?: { name?: string; timeUnixNano?: string | number; attributes?: RowAttributes }[] | null;
  links?: { traceId: string; spanId: string; attributes?: RowAttributes }[] | null;
}

type RowAttributes = Record<string, unknown> | OtlpAttribute[];

/** Reads rows of the REST route. */
export function spansFromTraceRows(rows: readonly TraceRow[]): WaterfallSpan[] {
  return rows.map((row) => {
    const start = row.startTimeUnixNano
      ? BigInt(row.startTimeUnixNano)
      : BigInt(Date.parse(row.createdAt)) * 1_000_000n;
    return {
      traceId: hexId(row.traceId) ?? '',
      spanId: hexId(row.spanId) ?? '',
      parentSpanId: hexId(row.parentSpanId),
      name: row.spanName,
      kind: kindFromOtlp(row.spanKind),
      serviceName: row.serviceName,
      startTimeUnixNano: start,
      endTimeUnixNano: row.endTimeUnixNano ? BigInt(row.endTimeUnixNano) : start + BigInt(row.durationNs),
      status: statusFromOtlp(row.statusCode),
      statusMessage: row.statusMessage || undefined,
      attributes: attributesFromRow(row.spanAttributes),
      events: (row.events ?? []).map((event) => ({
        name: event.name ?? '',
        timeUnixNano: BigInt(event.timeUnixNano ?? 0),
        attributes: attributesFromRow(event.attributes),
      })),
      links: (row.links ?? []).map((link) => ({
        traceId: hexId(link.traceId) ?? '',
        spanId: hexId(link.spanId) ?? '',
        attributes: attributesFromRow(link.attributes),
      })),
    };
  });
}

function attributesFromRow(attributes: RowAttributes | null | undefined): SpanAttributes {
  if (Array.isArray(attributes)) return attributesFromOtlp(attributes);
  const known = Object.entries(attributes ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key, attributeValue(value)]));
}

function attributeValue(value: unknown): AttributeValue {
  if (typeof value === 'string') return listFromText(value) ?? value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.map(attributeValue) : JSON.stringify(value);
}

/** Rows carry all values as text; a list of names is JSON. */
function listFromText(text: string): AttributeValue[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    return (JSON.parse(text) as unknown[]).map(attributeValue);
  } catch {
    return undefined;
  }
}
