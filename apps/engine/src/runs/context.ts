import {
  LINK_TRACEPARENT,
  readCarrier,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
  writeCarrier,
} from '@hatchet-ts/sdk-otel/propagation';
import { isRecordedTrace, newTraceContext } from '@hatchet-ts/server-otel';
import type { RunContextColumns } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import type { Metadata } from './metadata.ts';

/** A new run's context: its columns, and the metadata that its workers get. */
export interface NewRunContext extends RunContextColumns {
  traceId: string | null;
  metadata: Metadata;
  linkTraceparent?: string;
}

/**
 * Chooses the context of a new run (telemetry contract, section 2): what stands in its metadata, else that of the call
 * that creates it, else a new one, whose root the run's `workflow_run` span will be. It is written into the metadata of
 * a run that came without one, so that an instrumented worker joins it, but only where this engine records the trace.
 */
export function newRunContext(metadata: Metadata, call: SpanContext | undefined): NewRunContext {
  const carried = readCarrier(metadata);
  if (carried) return { ...columns(carried), metadata };
  const begun = call ? undefined : newTraceContext();
  const context = call ?? begun;
  if (!context || (begun && !isRecordedTrace(begun.traceId))) return { ...NO_CONTEXT, metadata };
  const untouched = metadata[TRACEPARENT] !== undefined || !isRecordedTrace(context.traceId);
  return {
    ...columns(context),
    rootSpanId: begun?.spanId ?? null,
    metadata: untouched ? metadata : writeCarrier(metadata, context),
  };
}

/**
 * The context of a run that a schedule or cron starts. With the relation `link` (telemetry contract, section 1.3) it
 * begins a trace of its own, in which engine and worker meet, and keeps the context of its creation as a link.
 */
export function firingContext(metadata: Metadata): NewRunContext {
  const { [TRACEPARENT]: created, [TRACESTATE]: _, ...rest } = metadata;
  if (metadata[TRACE_RELATION] !== 'link' || !readCarrier(metadata)) return newRunContext(metadata, undefined);
  const linkTraceparent = String(created);
  const context = newRunContext({ ...rest, [LINK_TRACEPARENT]: linkTraceparent }, undefined);
  // Not recorded here: the metadata stay as they were, and the worker begins the trace.
  return context.traceparent === null ? { ...context, metadata } : { ...context, linkTraceparent };
}

/** The context that was stored with a run. */
export function runSpanContext({ traceparent, tracestate }: RunContextColumns): SpanContext | undefined {
  if (traceparent === null) return undefined;
  return readCarrier({ [TRACEPARENT]: traceparent, ...(tracestate === null ? {} : { [TRACESTATE]: tracestate }) });
}

/** Those of several runs' contexts that there are, for the links of a pass over them. */
export function runSpanContexts(runs: readonly RunContextColumns[]): SpanContext[] {
  return runs.map(runSpanContext).filter((context) => context !== undefined);
}

const NO_CONTEXT = { traceId: null, traceparent: null, tracestate: null, rootSpanId: null };

function columns(context: SpanContext): RunContextColumns & { traceId: string } {
  const carrier: Metadata = writeCarrier({}, context);
  return {
    traceId: context.traceId,
    traceparent: String(carrier[TRACEPARENT]),
    tracestate: typeof carrier[TRACESTATE] === 'string' ? carrier[TRACESTATE] : null,
    rootSpanId: null,
  };
}
