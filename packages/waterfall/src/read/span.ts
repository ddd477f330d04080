/** Span in the waterfall's own form, independent of its source. */
export interface WaterfallSpan {
  /** 32 lower-case hex digits. */
  traceId: string;
  /** 16 lower-case hex digits. */
  spanId: string;
  /** Absent on a root. */
  parentSpanId?: string;
  name: string;
  kind: SpanKindName;
  serviceName: string;
  /** Nanoseconds since 1970. */
  startTimeUnixNano: bigint;
  /** Nanoseconds since 1970. */
  endTimeUnixNano: bigint;
  status: SpanStatusName;
  statusMessage?: string;
  attributes: SpanAttributes;
  events: readonly WaterfallEvent[];
  links: readonly WaterfallLink[];
}

export interface WaterfallEvent {
  name: string;
  /** Nanoseconds since 1970. */
  timeUnixNano: bigint;
  attributes: SpanAttributes;
}

export interface WaterfallLink {
  traceId: string;
  spanId: string;
  attributes: SpanAttributes;
}

export type SpanKindName = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
export type SpanStatusName = 'UNSET' | 'OK' | 'ERROR';
export type AttributeValue = string | number | boolean | AttributeValue[];
export type SpanAttributes = Record<string, AttributeValue>;

/** Reads an attribute as text; empty if absent. */
export function attributeText(span: WaterfallSpan, key: string): string {
  const value = Object.hasOwn(span.attributes, key) ? span.attributes[key] : undefined;
  if (value === undefined) return '';
  return Array.isArray(value) ? value.map(String).join(', ') : String(value);
}
