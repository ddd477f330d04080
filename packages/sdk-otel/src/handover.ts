import {
  type Context,
  isSpanContextValid,
  propagation,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { activeAttempt } from './attempts.ts';
import { BAGGAGE, formatBaggage } from './baggage.ts';
import { LINK_TRACEPARENT, type Metadata, TRACE_RELATION, TRACEPARENT, writeCarrier } from './carrier.ts';
import type { Relation } from './relation.ts';

/** What goes on with a message. */
export interface Handover {
  readonly spanContext: SpanContext | undefined;
  readonly baggage?: string | undefined;
  /** what the task around the call received, to tell forwarded metadata from the caller's own */
  readonly received: Metadata | undefined;
  /** `hatchet__trace_relation` for what is created, unless the caller has said it */
  readonly relation?: Relation | undefined;
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
    received: activeAttempt(above)?.metadata,
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
  if (!isSpanContextValid(own)) return undefined;
  const chosen = span.isRecording() || !received || !isSpanContextValid(received) ? own : received;
  const beganHereAndDropped = !(chosen.traceFlags & TraceFlags.SAMPLED) && !chosen.isRemote;
  return beganHereAndDropped && !propagateUnsampled ? undefined : chosen;
}

/** The context in which the traced call runs: the same rule for what becomes active. */
export function activeUnder(span: Span, above: Context): Context {
  if (span.isRecording()) return trace.setSpan(above, span);
  const received = trace.getSpanContext(above);
  if (received && isSpanContextValid(received)) return above;
  return isSpanContextValid(span.spanContext()) ? trace.setSpan(above, span) : above;
}

/**
 * The caller's metadata with the context in it. A `traceparent` that the caller put there is kept, unless it is the
 * one that the current task itself received: then the caller only forwarded its own metadata.
 *
 * @returns undefined when the caller's metadata are to be sent as they are
 */
export function metadataWith(
  metadata: unknown,
  { spanContext, baggage, received, relation }: Handover,
): Metadata | undefined {
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    return undefined; // not ours to repair
  }
  const entries = (metadata ?? {}) as Metadata;
  const isOurs = (key: string) => {
    const present = entries[key];
    return present === undefined || present === null || present === received?.[key];
  };
  const carrier = spanContext && isOurs(TRACEPARENT) ? writeCarrier(entries, spanContext) : undefined;
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
