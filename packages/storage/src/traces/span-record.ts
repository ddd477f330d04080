/** Kind of a span, as OTLP names it. */
export type SpanKind = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
/** Status code of a span. */
export type SpanStatusCode = 'UNSET' | 'OK' | 'ERROR';

/** Value of an attribute. Integers are `bigint`, bytes are base64 strings. Numbers are finite, strings have no NUL character. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | AttributeValue[]
  | { [key: string]: AttributeValue };

export type Attributes = Record<string, AttributeValue>;

/** A span to store. Ids are lower-case hexadecimal. Times are nanoseconds since 1970, below 2^63. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  flags: number;
  name: string;
  kind: SpanKind;
  serviceName: string;
  scopeName: string;
  scopeVersion: string;
  startTime: bigint;
  endTime: bigint;
  statusCode: SpanStatusCode;
  statusMessage?: string;
  attributes: Attributes;
  resourceAttributes: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
  droppedAttributesCount: number;
  droppedEventsCount: number;
  droppedLinksCount: number;
}

/** Event of a span. */
export interface SpanEvent {
  name: string;
  /** Nanoseconds since 1970, in decimal digits. */
  timeUnixNano: string;
  attributes: Attributes;
  droppedAttributesCount: number;
}

/** Link of a span. */
export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState?: string;
  flags: number;
  attributes: Attributes;
  droppedAttributesCount: number;
}
