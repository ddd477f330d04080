import {
  createTraceState,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  type SpanContext,
} from '@opentelemetry/api';

/** Metadata key of a run's or event's context, the same as in Hatchet's other SDKs. */
export const TRACEPARENT = 'traceparent';
/** Read only beside a valid `traceparent`. */
export const TRACESTATE = 'tracestate';
/** Context in which a run, cron or schedule with the relation `link` was created. The engine chooses its `traceparent`. */
export const LINK_TRACEPARENT = 'hatchet__link_traceparent';
/** Relation for one call: `parent` or `link`. */
export const TRACE_RELATION = 'hatchet__trace_relation';
/** In the metadata of a batch: list of the `traceparent`s of its items. */
export const ITEM_TRACEPARENTS = 'hatchet__item_traceparents';

/** In the metadata of a later attempt or invocation: the context of the one before. Our engine writes it for each start. */
export const PREVIOUS_TRACEPARENT = 'hatchet__previous_traceparent';
/** In the metadata of a later invocation of a durable task: number of entries that its log has, from our engine. */
export const DURABLE_ENTRIES = 'hatchet__durable_entries';
/** In the same metadata: number of indexes that earlier invocations have used for children. */
export const DURABLE_CHILDREN = 'hatchet__durable_children';

/** Metadata as a plain object. */
export type Metadata = Record<string, unknown>;

/**
 * Reads the span context from a run's or event's metadata.
 *
 * @param metadata the object, or the JSON text as which the engine stores it
 * @returns undefined if there is none or it violates W3C Trace Context; never throws
 */
export function readCarrier(metadata: unknown): SpanContext | undefined {
  try {
    const entries = parseMetadata(metadata);
    return entries && parseTraceparent(entries[TRACEPARENT], entries[TRACESTATE]);
  } catch {
    return undefined; // a getter or proxy of the caller threw
  }
}

/**
 * Reads the context in which a run, cron or schedule is created: its `traceparent`, or with the relation `link` the context
 * that it links to.
 */
export function readCreation(metadata: unknown): SpanContext | undefined {
  return readCarrier(metadata) ?? readLink(metadata);
}

/** Reads the context that a run with the relation `link` links to; never throws. */
export function readLink(metadata: unknown): SpanContext | undefined {
  try {
    const entries = parseMetadata(metadata);
    return entries?.[TRACE_RELATION] === 'link' ? parseTraceparent(entries[LINK_TRACEPARENT]) : undefined;
  } catch {
    return undefined; // a getter or proxy of the caller threw
  }
}

/**
 * Returns a copy of `metadata` that carries `spanContext`. A `tracestate` of another context is removed.
 *
 * @param spanContext its flags are written unchanged; an invalid one is not written
 */
export function writeCarrier(metadata: Readonly<Metadata> | undefined, spanContext: SpanContext): Metadata {
  return isSpanContextValid(spanContext) ? writeValidCarrier(metadata, spanContext) : { ...metadata };
}

/** Does the same for a context that is known to be valid. */
export function writeValidCarrier(metadata: Readonly<Metadata> | undefined, spanContext: SpanContext): Metadata {
  // literal keys are faster than computed ones
  const copy: Metadata = { ...metadata, traceparent: formatTraceparent(spanContext) };
  const tracestate = spanContext.traceState?.serialize();
  if (tracestate) copy.tracestate = tracestate;
  else if (copy.tracestate !== undefined) delete copy.tracestate;
  return copy;
}

/**
 * Returns metadata as an object; undefined if it is neither an object nor the JSON text of one.
 *
 * @param everyKey parses a text even if it contains no key of ours
 */
export function parseMetadata(metadata: unknown, everyKey = false): Metadata | undefined {
  let value = metadata;
  if (typeof value === 'string') {
    if (!everyKey && !mayCarryContext(value)) return undefined; // saves the parse
    try {
      value = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Metadata) : undefined;
}

/** Reports if a run's metadata, as text, may contain a key of ours; faster than a parse. */
export function mayCarryContext(metadata: string | undefined): boolean {
  return (
    typeof metadata === 'string' &&
    (metadata.includes(TRACEPARENT) ||
      metadata.includes(TRACESTATE) ||
      metadata.includes(TRACE_RELATION) ||
      metadata.includes('hatchet__durable_') ||
      metadata.includes('baggage'))
  );
}

/** Parses strict W3C Trace Context: lower case, no zero ids, no version ff. A later version may have more fields. */
export function parseTraceparent(traceparent: unknown, tracestate?: unknown): SpanContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  // runs for every task, so it slices at fixed positions instead of using match groups
  if (!TRACEPARENT_FORM.test(traceparent)) return undefined;
  if (traceparent.startsWith('ff') || (traceparent.startsWith('00') && traceparent.length > 55)) return undefined;
  const context: SpanContext = {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
    isRemote: true,
  };
  if (context.traceId === INVALID_TRACEID || context.spanId === INVALID_SPANID) return undefined;
  if (typeof tracestate === 'string' && tracestate !== '') context.traceState = createTraceState(tracestate);
  return context;
}

/** Formats `00-<trace>-<span>-<flags>`; unknown flag bits are kept. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${FLAGS[traceFlags & 0xff]}`;
}

const FLAGS = Array.from({ length: 256 }, (_, flags) => flags.toString(16).padStart(2, '0'));
const TRACEPARENT_FORM = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
