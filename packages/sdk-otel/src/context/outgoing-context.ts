import {
  type Context,
  INVALID_TRACEID,
  propagation,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { HatchetOperation } from '../tables/spans.ts';
import { BAGGAGE, formatBaggage } from './baggage.ts';
import {
  DURABLE_CHILDREN,
  DURABLE_ENTRIES,
  formatTraceparent,
  LINK_TRACEPARENT,
  type Metadata,
  PREVIOUS_TRACEPARENT,
  parseTraceparent,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
  writeValidCarrier,
} from './carrier.ts';
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
 * With the relation `link` the context becomes `hatchet__link_traceparent`, and nothing a `traceparent`: an engine hands that
 * to every attempt, and each attempt would start a trace. Without it, the engine chooses one for all attempts.
 *
 * @param relation for the created runs, unless the caller has set `hatchet__trace_relation`
 * @returns undefined if the caller's metadata have to be sent unchanged
 */
export function metadataWithContext(
  metadata: unknown,
  outgoing: OutgoingContext,
  operation: HatchetOperation,
  relation?: 'link',
): Metadata | undefined {
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    return undefined; // invalid metadata, which the SDK or the engine has to judge
  }
  const entries = (metadata ?? {}) as Metadata;
  const { spanContext, baggage, received } = outgoing;
  const isForwarded = (key: string) => !isAbsent(entries[key]) && entries[key] === received?.[key];
  const own = (key: string) => (isAbsent(entries[key]) || isForwarded(key) ? undefined : entries[key]);
  const forwards = isForwarded(TRACEPARENT) || isForwarded(LINK_TRACEPARENT);
  const asked = forwards ? own(TRACE_RELATION) : entries[TRACE_RELATION];
  const isLink = (asked ?? relation) === 'link' && !EVENTS.has(operation); // the engine drops this key of an event
  const traceparent = own(TRACEPARENT);

  let sent: Metadata | undefined;
  if (isLink) {
    const theirs = parseTraceparent(traceparent);
    const creation = theirs ?? spanContext;
    if (creation && own(LINK_TRACEPARENT) === undefined) {
      sent = { ...entries, [TRACE_RELATION]: 'link', [LINK_TRACEPARENT]: formatTraceparent(creation) };
      if (theirs || traceparent === undefined) {
        delete sent[TRACEPARENT];
        delete sent[TRACESTATE];
      }
    }
  } else if (spanContext && traceparent === undefined) {
    sent = writeValidCarrier(entries, spanContext);
    // the link and relation of the task's own creation do not apply to the runs that it creates
    if (forwards) for (const key of [LINK_TRACEPARENT, TRACE_RELATION]) if (isForwarded(key)) delete sent[key];
    for (const key of ATTEMPT_KEYS) if (isForwarded(key)) delete sent[key];
  }
  if (baggage && own(BAGGAGE) === undefined) sent = { ...(sent ?? entries), [BAGGAGE]: baggage };
  return RUNS.has(operation) ? (hideInherited(sent ?? entries, received, isLink) ?? sent) : sent;
}

// about the task's own earlier attempts
const ATTEMPT_KEYS = [PREVIOUS_TRACEPARENT, DURABLE_ENTRIES, DURABLE_CHILDREN];
const RUNS: ReadonlySet<HatchetOperation> = new Set(['run_workflow', 'run_workflows']);
const EVENTS: ReadonlySet<HatchetOperation> = new Set(['push_event', 'bulk_push_event']);

/**
 * Hides the parent's context from a child of another trace, by empty values: the engine merges the parent's metadata below
 * the child's.
 *
 * @returns undefined if nothing has to be hidden
 */
function hideInherited(sent: Metadata, received: Metadata | undefined, isLink: boolean): Metadata | undefined {
  const hasContext = !isAbsent(sent[isLink ? LINK_TRACEPARENT : TRACEPARENT]);
  if (!received || !hasContext) return undefined;
  let hidden: Metadata | undefined;
  for (const key of isLink ? [TRACEPARENT, TRACESTATE] : [TRACESTATE]) {
    if (!isAbsent(received[key]) && sent[key] === undefined) hidden = { ...(hidden ?? sent), [key]: '' };
  }
  return hidden;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
