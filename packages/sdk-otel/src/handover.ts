import {
  type Context,
  INVALID_TRACEID,
  propagation,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { BAGGAGE, formatBaggage } from './baggage.ts';
import { LINK_TRACEPARENT, type Metadata, TRACE_RELATION, TRACEPARENT, written } from './carrier.ts';
import type { Relation } from './relation.ts';
import { scopeOf } from './task-scope.ts';

/** What goes on with a message. */
export interface Handover {
  readonly spanContext: SpanContext | undefined;
  readonly baggage?: string | undefined;
  /** what the task around the call received, to tell forwarded metadata from the caller's own */
  readonly received: Metadata | undefined;
}

/** What a message gets that is sent under `above` with `span` as its own. */
export function handover(
  span: Span,
  above: Context,
  settings: { readonly propagateUnsampled: boolean; readonly propagateBaggage: boolean },
): Handover {
  return {
    spanContext: handedOn(span, trace.getSpanContext(above), settings.propagateUnsampled),
    baggage: settings.propagateBaggage ? formatBaggage(propagation.getBaggage(above)) : undefined,
    received: scopeOf(above)?.metadata,
  };
}

/**
 * The context that goes on. A span that is not recorded is nobody's parent: the message then gets the context that
 * was received, its flag untouched, and only without one the span's own, whose flag is clear.
 *
 * @param received the context above the span: the active span's, or the task's remote one
 * @returns undefined when there is nothing to hand on
 */
export function handedOn(
  span: Span,
  received: SpanContext | undefined,
  propagateUnsampled: boolean,
): SpanContext | undefined {
  const own = span.spanContext();
  // neither a provider nor a context above, or tracing is suppressed here
  if (own.traceId === INVALID_TRACEID) return undefined;
  const chosen = received && !span.isRecording() && isItsParent(received, own) ? received : own;
  const beganHereAndDropped = !(chosen.traceFlags & TraceFlags.SAMPLED) && !chosen.isRemote;
  return beganHereAndDropped && !propagateUnsampled ? undefined : chosen;
}

/** The context in which the traced call runs: the same rule for what becomes active. */
export function activeUnder(span: Span, above: Context): Context {
  if (span.isRecording()) return trace.setSpan(above, span);
  const own = span.spanContext();
  const received = trace.getSpanContext(above);
  if (own.traceId === INVALID_TRACEID || (received && isItsParent(received, own))) return above;
  return trace.setSpan(above, span);
}

// a tracer begins a trace below a context that is not valid; so this is a check of its validity too, and a cheap one
function isItsParent(received: SpanContext, own: SpanContext): boolean {
  return received.traceId === own.traceId;
}

/**
 * The caller's metadata with the context in it. A `traceparent` that the caller put there is kept, unless it is the
 * one that the current task itself received: then the caller only forwarded its own metadata.
 *
 * @param relation `hatchet__trace_relation` for what is created, unless the caller has said it
 * @returns undefined when the caller's metadata are to be sent as they are
 */
export function metadataWith(
  metadata: unknown,
  { spanContext, baggage, received }: Handover,
  relation?: Relation,
): Metadata | undefined {
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    return undefined; // not ours to repair
  }
  const entries = (metadata ?? {}) as Metadata;
  const isOurs = (key: string) => {
    const present = entries[key];
    return present === undefined || present === null || present === received?.[key];
  };
  const carrier = spanContext && isOurs(TRACEPARENT) ? written(entries, spanContext) : undefined;
  if (carrier && received && entries[TRACEPARENT] === received[TRACEPARENT]) {
    // what was said of the task's own creation does not hold for what it creates
    for (const key of [LINK_TRACEPARENT, TRACE_RELATION]) if (carrier[key] === received[key]) delete carrier[key];
  }
  let sent = carrier;
  if (baggage && isOurs(BAGGAGE)) sent = { ...(sent ?? entries), [BAGGAGE]: baggage };
  const current = sent ?? entries;
  const isRelated = relation && spanContext && typeof current[TRACEPARENT] === 'string';
  return isRelated && current[TRACE_RELATION] === undefined ? { ...current, [TRACE_RELATION]: relation } : sent;
}
