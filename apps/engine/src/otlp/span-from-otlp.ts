import type { Attributes, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatusCode } from '@hatchet-ts/storage/traces';
import { attributesFrom, storableText, type TakeNote } from './attributes.ts';
import type { InstrumentationScope, Span, Span_Event, Span_Link } from './generated/trace-service.ts';

/** Span that cannot be stored, because its ids do not identify it; the message is sent to the exporter. */
export class SpanRejection extends Error {
  override readonly name = 'SpanRejection';
}

const KINDS: readonly SpanKind[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly SpanStatusCode[] = ['UNSET', 'OK', 'ERROR'];

/** Largest PostgreSQL bigint; as nanoseconds the year 2262. */
const LATEST = 2n ** 63n - 1n;

/**
 * Reads one span of an OTLP request. A field that cannot be stored is changed or left out: one bad field, such as a NUL
 * character in an error's message, must not cost the span.
 *
 * @throws SpanRejection if the trace id or the span id is invalid
 */
export function spanFromOtlp(
  span: Span,
  scope: InstrumentationScope | undefined,
  resource: Attributes,
  takeNote: TakeNote,
): SpanRecord {
  const text = (value: string, what: string) => storableText(value, what, takeNote);
  const serviceName = resource['service.name'];
  const parentSpanId = optionalId(span.parentSpanId, 8, 'parent span id', takeNote);
  const links = span.links.flatMap((link) => linkFrom(link, takeNote));
  return {
    traceId: requiredId(span.traceId, 16, 'trace id'),
    spanId: requiredId(span.spanId, 8, 'span id'),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(span.traceState && { traceState: text(span.traceState, 'the trace state') }),
    flags: span.flags,
    name: text(span.name, 'the name'),
    kind: KINDS[span.kind] ?? 'UNSPECIFIED',
    serviceName: typeof serviceName === 'string' ? serviceName : '',
    scopeName: text(scope?.name ?? '', 'the name of the scope'),
    scopeVersion: text(scope?.version ?? '', 'the version of the scope'),
    startTime: time(span.startTimeUnixNano, 'the start time', takeNote),
    endTime: time(span.endTimeUnixNano, 'the end time', takeNote),
    statusCode: STATUS_CODES[span.status?.code ?? 0] ?? 'UNSET',
    ...(span.status?.message && { statusMessage: text(span.status.message, 'the status message') }),
    attributes: attributesFrom(span.attributes, takeNote),
    resourceAttributes: resource,
    events: span.events.map((event) => eventFrom(event, takeNote)),
    links,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount + span.links.length - links.length,
  };
}

function eventFrom(event: Span_Event, takeNote: TakeNote): SpanEvent {
  return {
    name: storableText(event.name, 'the name of an event', takeNote),
    timeUnixNano: String(time(event.timeUnixNano, 'the time of an event', takeNote)),
    attributes: attributesFrom(event.attributes, takeNote),
    droppedAttributesCount: event.droppedAttributesCount,
  };
}

/** Returns no link if its ids are invalid: it leads nowhere. */
function linkFrom(link: Span_Link, takeNote: TakeNote): SpanLink[] {
  const traceId = optionalId(link.traceId, 16, 'trace id of a link', takeNote);
  const spanId = optionalId(link.spanId, 8, 'span id of a link', takeNote);
  if (traceId === undefined || spanId === undefined) return [];
  const { traceState, flags, droppedAttributesCount } = link;
  return [
    {
      traceId,
      spanId,
      ...(traceState && { traceState: storableText(traceState, 'the trace state of a link', takeNote) }),
      flags,
      attributes: attributesFrom(link.attributes, takeNote),
      droppedAttributesCount,
    },
  ];
}

function requiredId(bytes: Uint8Array, length: number, what: string): string {
  const fault = idFault(bytes, length, what);
  if (fault !== undefined) throw new SpanRejection(fault);
  return hex(bytes);
}

/** Returns undefined for an empty id, and for an invalid one with a note. */
function optionalId(bytes: Uint8Array, length: number, what: string, takeNote: TakeNote): string | undefined {
  if (bytes.length === 0) return undefined;
  const fault = idFault(bytes, length, what);
  if (fault === undefined) return hex(bytes);
  takeNote(fault);
  return undefined;
}

function idFault(bytes: Uint8Array, length: number, what: string): string | undefined {
  if (bytes.length !== length) return `the ${what} has ${bytes.length} bytes instead of ${length}`;
  return bytes.every((byte) => byte === 0) ? `the ${what} is all zeros` : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function time(nanoseconds: bigint, what: string, takeNote: TakeNote): bigint {
  if (nanoseconds <= LATEST) return nanoseconds;
  takeNote(`${what} is after the year 2262; expected nanoseconds since 1970`);
  return LATEST;
}
