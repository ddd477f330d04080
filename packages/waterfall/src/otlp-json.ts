import type { AttributeValue, SpanAttributes, SpanKindName, SpanStatusName, WaterfallSpan } from './span.ts';
import { hexId } from './span-id.ts';

/**
 * Reads what a Collector's file exporter writes: OTLP JSON, one `{"resourceSpans": […]}` a line. Ids may be hex (OTLP)
 * or base64 (plain protobuf JSON). A last line that is still being written is left out.
 * @throws SyntaxError naming the line that is no JSON
 */
export function spansFromOtlpJson(text: string): WaterfallSpan[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return spansOfBatch(JSON.parse(line) as OtlpBatch);
    } catch (error) {
      if (i === lines.length - 1 && error instanceof SyntaxError) return [];
      throw new SyntaxError(`line ${i + 1} is no OTLP JSON: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** OTLP's list of keys and values, as a record. Nested records become JSON text. */
export function attributesFromOtlp(attributes: OtlpAttribute[] = []): SpanAttributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueFromOtlp(value)]));
}

/** A kind or status as OTLP JSON writes it: its number, its name, or its name with the protobuf prefix. */
export function kindFromOtlp(kind: unknown): SpanKindName {
  return fromEnum(kind, 'SPAN_KIND_', ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);
}

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
    return Number.isSafeInteger(integer) ? integer : String(value.intValue); // 64 bits do not fit a double
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
