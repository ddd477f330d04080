import type { Attributes, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatusCode } from '@hatchet-ts/storage/traces';
import { attributesFrom, checkedText, SpanRejection } from './attributes.ts';
import type { InstrumentationScope, Span, Span_Event, Span_Link } from './generated/trace-service.ts';

const KINDS: readonly SpanKind[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly SpanStatusCode[] = ['UNSET', 'OK', 'ERROR'];

/** Largest PostgreSQL bigint; as nanoseconds the year 2262. */
const LATEST = 2n ** 63n - 1n;

/**
 * Reads one span of an OTLP request.
 *
 * @throws SpanRejection if it cannot be stored unchanged.
 */
export function spanFromOtlp(span: Span, scope: InstrumentationScope | undefined, resource: Attributes): SpanRecord {
  const serviceName = resource['service.name'];
  return {
    traceId: id(span.traceId, 16, 'trace id'),
    spanId: id(span.spanId, 8, 'span id'),
    ...(span.parentSpanId.length > 0 && { parentSpanId: id(span.parentSpanId, 8, 'parent span id') }),
    ...(span.traceState && { traceState: checkedText(span.traceState, 'the trace state') }),
    flags: span.flags,
    name: checkedText(span.name, 'the name'),
    kind: KINDS[span.kind] ?? 'UNSPECIFIED',
    serviceName: typeof serviceName === 'string' ? serviceName : '',
    scopeName: checkedText(scope?.name ?? '', 'the name of the scope'),
    scopeVersion: checkedText(scope?.version ?? '', 'the version of the scope'),
    startTime: time(span.startTimeUnixNano, 'the start time'),
    endTime: time(span.endTimeUnixNano, 'the end time'),
    statusCode: STATUS_CODES[span.status?.code ?? 0] ?? 'UNSET',
    ...(span.status?.message && { statusMessage: checkedText(span.status.message, 'the status message') }),
    attributes: attributesFrom(span.attributes),
    resourceAttributes: resource,
    events: span.events.map(event),
    links: span.links.map(link),
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function event({ name, timeUnixNano, attributes, droppedAttributesCount }: Span_Event): SpanEvent {
  return {
    name: checkedText(name, 'the name of an event'),
    timeUnixNano: String(time(timeUnixNano, 'the time of an event')),
    attributes: attributesFrom(attributes),
    droppedAttributesCount,
  };
}

function link({ traceId, spanId, traceState, flags, attributes, droppedAttributesCount }: Span_Link): SpanLink {
  return {
    traceId: id(traceId, 16, 'trace id of a link'),
    spanId: id(spanId, 8, 'span id of a link'),
    ...(traceState && { traceState: checkedText(traceState, 'the trace state of a link') }),
    flags,
    attributes: attributesFrom(attributes),
    droppedAttributesCount,
  };
}

function id(bytes: Uint8Array, length: number, what: string): string {
  if (bytes.length !== length) throw new SpanRejection(`the ${what} has ${bytes.length} bytes instead of ${length}`);
  if (bytes.every((byte) => byte === 0)) throw new SpanRejection(`the ${what} is all zeros`);
  return Buffer.from(bytes).toString('hex');
}

function time(nanoseconds: bigint, what: string): bigint {
  if (nanoseconds > LATEST) throw new SpanRejection(`${what} is after the year 2262; expected nanoseconds since 1970`);
  return nanoseconds;
}
