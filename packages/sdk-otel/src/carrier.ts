import {
  createTraceState,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  type SpanContext,
} from '@opentelemetry/api';

/** The key of a run's or event's metadata that holds the context, as Hatchet's other SDKs have it. */
export const TRACEPARENT = 'traceparent';
/** Read only beside a valid `traceparent`. */
export const TRACESTATE = 'tracestate';
/** The context in which a firing was created, when the firing has a `traceparent` of its own (crons, schedules). */
export const LINK_TRACEPARENT = 'hatchet__link_traceparent';
/** Per call: `parent` or `link`. */
export const TRACE_RELATION = 'hatchet__trace_relation';

/** In the metadata of a batch: the list of its items' `traceparent`s. */
export const ITEM_TRACEPARENTS = 'hatchet__item_traceparents';

/** Metadata as a plain object. */
export type Metadata = Record<string, unknown>;

/**
 * The span context in a run's or event's metadata.
 *
 * @param metadata the object, or the JSON text in which the engine keeps it
 * @returns undefined when there is none, or none that W3C Trace Context allows; never throws
 */
export function readCarrier(metadata: unknown): SpanContext | undefined {
  try {
    const entries = parseMetadata(metadata);
    return entries && parseTraceparent(entries[TRACEPARENT], entries[TRACESTATE]);
  } catch {
    return undefined; // a getter or a proxy of the caller's
  }
}

/**
 * A copy of `metadata` that carries `spanContext`. A `tracestate` of another context does not stay in it.
 *
 * @param spanContext its flags are written as they are; an invalid one is not written
 */
export function writeCarrier(metadata: Readonly<Metadata> | undefined, spanContext: SpanContext): Metadata {
  return isSpanContextValid(spanContext) ? written(metadata, spanContext) : { ...metadata };
}

/** The same for a context that is known to be valid. */
export function written(metadata: Readonly<Metadata> | undefined, spanContext: SpanContext): Metadata {
  // named keys, which an object gets more quickly than computed ones
  const copy: Metadata = { ...metadata, traceparent: formatTraceparent(spanContext) };
  const tracestate = spanContext.traceState?.serialize();
  if (tracestate) copy.tracestate = tracestate;
  else if (copy.tracestate !== undefined) delete copy.tracestate;
  return copy;
}

/**
 * Metadata as an object; undefined when it is neither that nor the JSON text of one.
 *
 * @param everyKey parse a text even where no key of ours is in it
 */
export function parseMetadata(metadata: unknown, everyKey = false): Metadata | undefined {
  let value = metadata;
  if (typeof value === 'string') {
    if (!everyKey && !carriesContext(value)) return undefined; // not worth a parse
    try {
      value = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Metadata) : undefined;
}

/** Whether a run's metadata, as text, hold a key of ours; quicker than a parse. */
export function carriesContext(metadata: string | undefined): boolean {
  return (
    typeof metadata === 'string' &&
    (metadata.includes(TRACEPARENT) || metadata.includes(TRACE_RELATION) || metadata.includes('baggage'))
  );
}

/** Strict W3C Trace Context: lower case, no zero ids, not version ff; a later version may say more than we read. */
export function parseTraceparent(traceparent: unknown, tracestate?: unknown): SpanContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  // this is done for every task: fixed places, and no match to take apart
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

/** `00-<trace>-<span>-<flags>`: the flags are bits, and those that we do not know stay. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${FLAGS[traceFlags & 0xff]}`;
}

const FLAGS = Array.from({ length: 256 }, (_, flags) => flags.toString(16).padStart(2, '0'));
const TRACEPARENT_FORM = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
