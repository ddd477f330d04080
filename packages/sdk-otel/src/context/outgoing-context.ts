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
import { LINK_TRACEPARENT, type Metadata, TRACE_RELATION, TRACEPARENT, writeValidCarrier } from './carrier.ts';
import type { Relation } from './relation.ts';
import { scopeOf } from './task-scope.ts';

/** Context that a run or event takes with it. */
export interface OutgoingContext {
  readonly spanContext: SpanContext | undefined;
  readonly baggage?: string | undefined;
  /** Metadata that the task around the call received, to distinguish forwarded metadata from the caller's own. */
  readonly received: Metadata | undefined;
}

/** Context of a message that is sent under `above` with `span` as its own span. */
export function outgoingContext(
  span: Span,
  above: Context,
  settings: { readonly propagateUnsampled: boolean; readonly propagateBaggage: boolean },
): OutgoingContext {
  return {
    spanContext: contextToSend(span, trace.getSpanContext(above), settings.propagateUnsampled),
    baggage: settings.propagateBaggage ? formatBaggage(propagation.getBaggage(above)) : undefined,
    received: scopeOf(above)?.metadata,
  };
}

/**
 * Chooses the span context to send. A span that is not recorded is never a parent: the message then gets the received
 * context with its flag unchanged, or without one the span's own context, whose flag is clear.
 *
 * @param received context above the span: that of the active span, or the task's remote one
 * @returns undefined if there is nothing to send
 */
export function contextToSend(
  span: Span,
  received: SpanContext | undefined,
  propagateUnsampled: boolean,
): SpanContext | undefined {
  const own = span.spanContext();
  // there is neither a provider nor a context above, or tracing is suppressed here
  if (own.traceId === INVALID_TRACEID) return undefined;
  const chosen = received && !span.isRecording() && isItsParent(received, own) ? received : own;
  const startedHereUnsampled = !(chosen.traceFlags & TraceFlags.SAMPLED) && !chosen.isRemote;
  return startedHereUnsampled && !propagateUnsampled ? undefined : chosen;
}

/** Context in which the traced call runs, by the same rule: a span that is not recorded does not replace a received one. */
export function contextBelow(span: Span, above: Context): Context {
  if (span.isRecording()) return trace.setSpan(above, span);
  const own = span.spanContext();
  const received = trace.getSpanContext(above);
  if (own.traceId === INVALID_TRACEID || (received && isItsParent(received, own))) return above;
  return trace.setSpan(above, span);
}

// A tracer starts a new trace below an invalid context, so this cheap comparison also checks validity.
function isItsParent(received: SpanContext, own: SpanContext): boolean {
  return received.traceId === own.traceId;
}

/**
 * Copies the caller's metadata and adds the context. A `traceparent` of the caller is kept, unless it is the one that the
 * current task received: then the caller only forwarded its own metadata.
 *
 * @param relation `hatchet__trace_relation` for the created runs, unless the caller has set it
 * @returns undefined if the caller's metadata have to be sent unchanged
 */
export function metadataWithContext(
  metadata: unknown,
  { spanContext, baggage, received }: OutgoingContext,
  relation?: Relation,
): Metadata | undefined {
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    return undefined; // invalid metadata, which the SDK or the engine has to judge
  }
  const entries = (metadata ?? {}) as Metadata;
  const mayWrite = (key: string) => {
    const present = entries[key];
    return present === undefined || present === null || present === received?.[key];
  };
  const carrier = spanContext && mayWrite(TRACEPARENT) ? writeValidCarrier(entries, spanContext) : undefined;
  if (carrier && received && entries[TRACEPARENT] === received[TRACEPARENT]) {
    // the link and relation of the task's own creation do not apply to the runs that it creates
    for (const key of [LINK_TRACEPARENT, TRACE_RELATION]) if (carrier[key] === received[key]) delete carrier[key];
  }
  let sent = carrier;
  if (baggage && mayWrite(BAGGAGE)) sent = { ...(sent ?? entries), [BAGGAGE]: baggage };
  const current = sent ?? entries;
  const isRelated = relation && spanContext && typeof current[TRACEPARENT] === 'string';
  return isRelated && current[TRACE_RELATION] === undefined ? { ...current, [TRACE_RELATION]: relation } : sent;
}
