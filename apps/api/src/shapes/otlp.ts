import type { Attributes, AttributeValue, SpanLink, StoredSpan } from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { component } from '../routing/components.ts';

/** OTLP/JSON, as a Collector's file exporter writes it and its receivers read it. */
export const OTLP_TRACES = component(
  'ExportTraceServiceRequest',
  z
    .strictObject({ resourceSpans: z.array(z.record(z.string(), z.unknown())) })
    .describe('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest as JSON'),
);

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES = ['UNSET', 'OK', 'ERROR'];

/** Writes batches of spans as one document of {@link OTLP_TRACES}. A resource may occur in several batches. */
export async function* otlpPieces(batches: AsyncIterable<StoredSpan[]>): AsyncGenerator<string> {
  let separator = '{"resourceSpans":[';
  for await (const spans of batches) {
    const text = resourceSpans(spans).map((resource) => JSON.stringify(resource));
    yield separator + text.join(',');
    separator = ',';
  }
  yield separator === ',' ? ']}' : '{"resourceSpans":[]}';
}

/** Groups spans by resource and scope, as OTLP does. */
function resourceSpans(spans: readonly StoredSpan[]): object[] {
  const resources = Map.groupBy(spans, ({ resourceAttributes }) => JSON.stringify(resourceAttributes));
  return [...resources.values()].map((ofResource) => ({
    resource: { attributes: keyValues(ofResource[0]?.resourceAttributes ?? {}) },
    scopeSpans: [...Map.groupBy(ofResource, scopeKey).values()].map((ofScope) => ({
      scope: { name: ofScope[0]?.scopeName, version: ofScope[0]?.scopeVersion },
      spans: ofScope.map(otlpSpan),
    })),
  }));
}

function scopeKey({ scopeName, scopeVersion }: StoredSpan): string {
  return JSON.stringify([scopeName, scopeVersion]);
}

function otlpSpan(span: StoredSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: span.parentSpanId,
    flags: span.flags,
    name: span.name,
    kind: KINDS.indexOf(span.kind),
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime),
    attributes: keyValues(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(({ attributes, ...event }) => ({ ...event, attributes: keyValues(attributes) })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(({ attributes, ...link }: SpanLink) => ({ ...link, attributes: keyValues(attributes) })),
    droppedLinksCount: span.droppedLinksCount,
    status: { code: STATUS_CODES.indexOf(span.statusCode), message: span.statusMessage },
  };
}

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** A number written as an integer is an integer. OTLP/JSON has integers as strings. */
function anyValue(value: AttributeValue): object {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  const written = JSON.stringify(value);
  if (written.startsWith('{')) return { kvlistValue: { values: keyValues(value as Attributes) } };
  return /^-?\d+$/.test(written) ? { intValue: written } : { doubleValue: value };
}
