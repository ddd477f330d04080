import { stringifyExactly } from '@hatchet-ts/storage/json';
import type { Attributes, StoredSpan } from '@hatchet-ts/storage/traces';

/** Hatchet's `OtelSpan`, and what it leaves out: events, links, exact times. */
export function spanShape(span: StoredSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId && { parentSpanId: span.parentSpanId }),
    spanName: span.name,
    spanKind: span.kind,
    serviceName: span.serviceName,
    statusCode: span.statusCode,
    ...(span.statusMessage && { statusMessage: span.statusMessage }),
    durationNs: Number(span.endTime - span.startTime),
    createdAt: new Date(Number(span.startTime / 1_000_000n)).toISOString(),
    resourceAttributes: asText(span.resourceAttributes),
    spanAttributes: asText(span.attributes),
    scopeName: span.scopeName,
    scopeVersion: span.scopeVersion,
    retryCount: span.retryCount,
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      timeUnixNano,
      attributes: asText(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes: asText(attributes) })),
    ...(span.truncated && { truncated: true }),
  };
}

/** Hatchet's attributes are texts: a string as it is, anything else as JSON. */
function asText(attributes: Attributes): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : stringifyExactly(value)]),
  );
}
