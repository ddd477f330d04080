export type SpanKind = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
export type SpanStatusCode = 'UNSET' | 'OK' | 'ERROR';

/** Integers are `bigint`, bytes are base64 strings. Numbers are finite, strings hold no NUL character. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | AttributeValue[]
  | { [key: string]: AttributeValue };

export type Attributes = Record<string, AttributeValue>;

/** A span as it is stored. Ids are lower-case hexadecimal, times nanoseconds since 1970 and below 2^63. */
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

export interface SpanEvent {
  name: string;
  /** Nanoseconds since 1970, in decimal digits. */
  timeUnixNano: string;
  attributes: Attributes;
  droppedAttributesCount: number;
}

export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState?: string;
  flags: number;
  attributes: Attributes;
  droppedAttributesCount: number;
}
