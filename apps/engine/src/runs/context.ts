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

/** Additional metadata of a run or an event: a JSON object, on the wire as text. */
export type Metadata = Record<string, unknown>;

/** Trace context of a new run: its columns, and the metadata that its workers receive. */
export interface NewRunContext extends RunContextColumns {
  traceId: string | null;
  metadata: Metadata;
  linkTraceparent?: string;
}

/**
 * Chooses the context of a new run (telemetry contract, section 2): the carrier in its metadata, else the context of the
 * call that creates it, else a new one whose root will be the run's `workflow_run` span. A run without a carrier gets it
 * written into its metadata, so that an instrumented worker joins the trace; but only if this engine records the trace.
 */
export function newRunContext(metadata: Metadata, call: SpanContext | undefined): NewRunContext {
  const carried = readCarrier(metadata);
  if (carried) return { ...columns(carried), metadata };
  const started = call ? undefined : newTraceContext();
  const context = call ?? started;
  if (!context || (started && !isRecordedTrace(started.traceId))) return { ...NO_CONTEXT, metadata };
  const untouched = metadata[TRACEPARENT] !== undefined || !isRecordedTrace(context.traceId);
  return {
    ...columns(context),
    rootSpanId: started?.spanId ?? null,
    metadata: untouched ? metadata : writeCarrier(metadata, context),
  };
}

/**
 * Chooses the context of a run that a schedule or cron starts. With the relation `link` (telemetry contract, section 1.3)
 * it starts a trace of its own, shared by engine and worker, and keeps the context of its creation as a link.
 */
export function firingContext(metadata: Metadata): NewRunContext {
  const { [TRACEPARENT]: created, [TRACESTATE]: _, ...rest } = metadata;
  if (metadata[TRACE_RELATION] !== 'link' || !readCarrier(metadata)) return newRunContext(metadata, undefined);
  const linkTraceparent = String(created);
  const context = newRunContext({ ...rest, [LINK_TRACEPARENT]: linkTraceparent }, undefined);
  // Not recorded here: the metadata is unchanged, and the worker starts the trace.
  return context.traceparent === null ? { ...context, metadata } : { ...context, linkTraceparent };
}

/** Span context stored with a run. */
export function runSpanContext({ traceparent, tracestate }: RunContextColumns): SpanContext | undefined {
  if (traceparent === null) return undefined;
  return readCarrier({ [TRACEPARENT]: traceparent, ...(tracestate === null ? {} : { [TRACESTATE]: tracestate }) });
}

/** Span contexts of these runs, for the links of a batch span; runs without one are skipped. */
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
