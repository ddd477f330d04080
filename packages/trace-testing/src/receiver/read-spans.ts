import { Reader } from 'protobufjs/minimal.js';

/** Identity of a received span. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
}

/** Field numbers of opentelemetry/proto/collector/trace/v1 and trace/v1. */
const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const SPAN = { traceId: 1, spanId: 2, parentSpanId: 4, name: 5 } as const;

/** Reads the spans of an `ExportTraceServiceRequest`. */
export function readSpans(request: Uint8Array): ReceivedSpan[] {
  return readFields(request, RESOURCE_SPANS)
    .flatMap((resourceSpans) => readFields(resourceSpans, SCOPE_SPANS))
    .flatMap((scopeSpans) => readFields(scopeSpans, SPANS))
    .map((span) => ({
      traceId: readHex(span, SPAN.traceId),
      spanId: readHex(span, SPAN.spanId),
      parentSpanId: readHex(span, SPAN.parentSpanId),
      name: Buffer.from(readFields(span, SPAN.name)[0] ?? []).toString('utf8'),
    }));
}

function readHex(message: Uint8Array, field: number): string {
  return Buffer.from(readFields(message, field)[0] ?? []).toString('hex');
}

/** Reads the values of a length-delimited field. */
function readFields(message: Uint8Array, field: number): Uint8Array[] {
  const reader = Reader.create(message);
  const values: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === field) values.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return values;
}
