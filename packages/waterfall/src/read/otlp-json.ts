import type { AttributeValue, SpanAttributes, SpanKindName, SpanStatusName, WaterfallSpan } from './span.ts';

/**
 * Reads the output of a Collector's file exporter: OTLP JSON, one `{"resourceSpans": […]}` per line. Ids may be hex (OTLP)
 * or base64 (plain protobuf JSON). An incomplete last line is skipped, as the Collector may still be writing it.
 * @throws SyntaxError with the number of the line that is not valid JSON
 */
export function spansFromOtlpJson(text: string): WaterfallSpan[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return spansOfBatch(JSON.parse(line) as OtlpBatch);
    } catch (error) {
      if (i === lines.length - 1 && error instanceof SyntaxError) return [];
      throw new SyntaxError(`line ${i + 1} is not valid OTLP JSON: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** Converts OTLP's list of keys and values to a record. Nested records become JSON text. */
export function attributesFromOtlp(attributes: OtlpAttribute[] = []): SpanAttributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueFromOtlp(value)]));
}

/** Reads a span kind: a number, a name, or a name with the protobuf prefix. */
export function kindFromOtlp(kind: unknown): SpanKindName {
  return fromEnum(kind, 'SPAN_KIND_', ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);
}

/** Reads a status code: a number, a name, or a name with the protobuf prefix. */
export function statusFromOtlp(code: unknown): SpanStatusName {
  return fromEnum(code, 'STATUS_CODE_', ['UNSET', 'OK', 'ERROR']);
}

export interface OtlpAttribute {
  key: string;
  value?: OtlpValue;
}

interface OtlpValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: string | number;
  bytesValue?: string;
  arrayValue?: { values?: OtlpValue[] };
  kvlistValue?: { values?: OtlpAttribute[] };
}

interface OtlpBatch {
  resourceSpans?: {
    resource?: { attributes?: OtlpAttribute[] };
    scopeSpans?: { spans?: OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name?: string;
  kind?: number | string;
  startTimeUnixNano?: string | number;
  endTimeUnixNano?: string | number;
  attributes?: OtlpAttribute[];
  events?: { name?: string; timeUnixNano?: string | number; attributes?: OtlpAttribute[] }[];
  links?: { traceId: string; spanId: string; attributes?: OtlpAttribute[] }[];
  status?: { code?: number | string; message?: string };
}

function spansOfBatch(batch: OtlpBatch): WaterfallSpan[] {
  return (batch.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
    const serviceName = String(attributesFromOtlp(resource?.attributes)['service.name'] ?? 'unknown_service');
    return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => fromOtlp(span, serviceName)));
  });
}

function fromOtlp(span: OtlpSpan, serviceName: string): WaterfallSpan {
  return {
    traceId: hexId(span.traceId) ?? '',
    spanId: hexId(span.spanId) ?? '',
    parentSpanId: hexId(span.parentSpanId),
    name: span.name ?? '',
    kind: kindFromOtlp(span.kind),
    serviceName,
    startTimeUnixNano: BigInt(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(span.endTimeUnixNano ?? 0),
    status: statusFromOtlp(span.status?.code),
    statusMessage: span.status?.message || undefined,
    attributes: attributesFromOtlp(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name ?? '',
      timeUnixNano: BigInt(event.timeUnixNano ?? 0),
      attributes: attributesFromOtlp(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: hexId(link.traceId) ?? '',
      spanId: hexId(link.spanId) ?? '',
      attributes: attributesFromOtlp(link.attributes),
    })),
  };
}

function valueFromOtlp(value: OtlpValue = {}): AttributeValue {
  if (value.intValue !== undefined) {
    const integer = Number(value.intValue);
    return Number.isSafeInteger(integer) ? integer : String(value.intValue); // a double cannot hold all 64-bit integers
  }
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(valueFromOtlp);
  if (value.kvlistValue) return JSON.stringify(attributesFromOtlp(value.kvlistValue.values));
  return value.stringValue ?? value.boolValue ?? value.bytesValue ?? '';
}

function fromEnum<T extends string>(value: unknown, prefix: string, names: readonly [T, ...T[]]): T {
  if (typeof value === 'number') return names[value] ?? names[0];
  const bare = String(value ?? '').replace(prefix, '');
  return names.find((name) => name === bare) ?? names[0];
}

/**
 * Converts a trace or span id to lower-case hex, from hex or from base64 (bytes in plain protobuf JSON). Returns undefined
 * for an absent or all-zero id.
 */
export function hexId(id: string | null | undefined): string | undefined {
  if (!id) return undefined;
  const hex = /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(id) ? id.toLowerCase() : hexFromBase64(id);
  return /^0*$/.test(hex) ? undefined : hex;
}

/** Uses `atob`, which browsers have too. Skips characters that are not base64, and a last one that completes no byte. */
function hexFromBase64(text: string): string {
  const plain = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  const bytes = atob(plain.length % 4 === 1 ? plain.slice(0, -1) : plain);
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
