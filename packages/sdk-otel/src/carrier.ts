import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api';

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
  const copy: Metadata = { ...metadata };
  if (!isSpanContextValid(spanContext)) return copy;
  delete copy[TRACESTATE];
  copy[TRACEPARENT] = formatTraceparent(spanContext);
  const tracestate = spanContext.traceState?.serialize();
  if (tracestate) copy[TRACESTATE] = tracestate;
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
  return typeof metadata === 'string' && OUR_KEYS.test(metadata);
}

/** Strict W3C Trace Context: lower case, no zero ids, not version ff; a later version may say more than we read. */
export function parseTraceparent(traceparent: unknown, tracestate?: unknown): SpanContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const match = TRACEPARENT_FORM.exec(traceparent);
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(context)) return undefined;
  if (typeof tracestate === 'string' && tracestate !== '') context.traceState = createTraceState(tracestate);
  return context;
}

/** `00-<trace>-<span>-<flags>`: the flags are bits, and those that we do not know stay. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

const OUR_KEYS = /traceparent|hatchet__trace_relation|baggage/;
const TRACEPARENT_FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
