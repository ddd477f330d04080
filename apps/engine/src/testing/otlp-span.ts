import { ExportTraceServiceRequest, type Span } from '../otlp/generated/trace-service.ts';

/** Creates a valid OTLP span, which tests change in ways that the SDK does not offer. */
export function otlpSpan(name: string, startTimeUnixNano = 1n): Span {
  return {
    traceId: Buffer.alloc(16, 7),
    spanId: bytesOf(startTimeUnixNano),
    traceState: '',
    parentSpanId: Buffer.alloc(0),
    name,
    kind: 1,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: undefined,
    flags: 1,
  };
}

/** Encodes an export request. */
export function encodeRequest(spans: Span[]): Uint8Array {
  const scopeSpans = [{ scope: undefined, spans }];
  return ExportTraceServiceRequest.encode({ resourceSpans: [{ resource: undefined, scopeSpans }] }).finish();
}

/** Encodes a span id. */
export function bytesOf(number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}
