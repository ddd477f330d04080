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
  // literal keys and few calls: this runs for every run and event
  const entries = (metadata ?? {}) as Metadata;
  const { spanContext, baggage, received } = outgoing;
  const traceparent = ownValue(entries.traceparent, received?.traceparent);
  const forwards = received !== undefined && isForwarded(entries, received);
  let asked = entries.hatchet__trace_relation;
  if (forwards && asked === received.hatchet__trace_relation) asked = undefined;
  const isLink = (asked ?? relation) === 'link' && !EVENTS.has(operation); // the engine drops this key of an event

  let sent: Metadata | undefined;
  if (isLink) {
    sent = metadataWithLink(entries, received, traceparent, spanContext);
  } else if (spanContext && traceparent === undefined) {
    sent = writeValidCarrier(entries, spanContext);
    if (forwards) for (const key of OWN_KEYS) if (sent[key] === received[key]) delete sent[key];
  }
  if (baggage && ownValue(entries.baggage, received?.baggage) === undefined) {
    sent = { ...(sent ?? entries), [BAGGAGE]: baggage };
  }
  if (received === undefined || !RUNS.has(operation)) return sent;
  return hideInherited(sent ?? entries, received, isLink) ?? sent;
}

/** Metadata of a run with the relation `link`; undefined if they have a link already, or there is no context. */
function metadataWithLink(
  entries: Metadata,
  received: Metadata | undefined,
  traceparent: unknown,
  spanContext: SpanContext | undefined,
): Metadata | undefined {
  const theirs = parseTraceparent(traceparent);
  const creation = theirs ?? spanContext;
  if (!creation || ownValue(entries[LINK_TRACEPARENT], received?.[LINK_TRACEPARENT]) !== undefined) return undefined;
  const sent: Metadata = { ...entries, [TRACE_RELATION]: 'link', [LINK_TRACEPARENT]: formatTraceparent(creation) };
  if (theirs || traceparent === undefined) {
    delete sent[TRACEPARENT];
    delete sent[TRACESTATE];
  }
  return sent;
}

/** Reports if the caller passes on the metadata that the current task received. */
function isForwarded(entries: Metadata, received: Metadata): boolean {
  const { traceparent, hatchet__link_traceparent: link } = entries;
  return (
    (!isAbsent(traceparent) && traceparent === received.traceparent) ||
    (!isAbsent(link) && link === received.hatchet__link_traceparent)
  );
}

/** The caller's own value; undefined if there is none, or it is only forwarded. */
function ownValue(value: unknown, received: unknown): unknown {
  return isAbsent(value) || value === received ? undefined : value;
}

// the task's own creation and earlier attempts, which do not concern the runs that it creates
const OWN_KEYS = [LINK_TRACEPARENT, TRACE_RELATION, PREVIOUS_TRACEPARENT, DURABLE_ENTRIES, DURABLE_CHILDREN];
const RUNS: ReadonlySet<HatchetOperation> = new Set(['run_workflow', 'run_workflows']);
const EVENTS: ReadonlySet<HatchetOperation> = new Set(['push_event', 'bulk_push_event']);

/**
 * Hides the parent's context from a child of another trace, by empty values: the engine merges the parent's metadata below
 * the child's.
 *
 * @returns undefined if nothing has to be hidden
 */
function hideInherited(sent: Metadata, received: Metadata, isLink: boolean): Metadata | undefined {
  const hasContext = !isAbsent(sent[isLink ? LINK_TRACEPARENT : TRACEPARENT]);
  if (!hasContext) return undefined;
  let hidden: Metadata | undefined;
  for (const key of isLink ? [TRACEPARENT, TRACESTATE] : [TRACESTATE]) {
    if (!isAbsent(received[key]) && sent[key] === undefined) hidden = { ...(hidden ?? sent), [key]: '' };
  }
  return hidden;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
