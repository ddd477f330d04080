import {
  LINK_TRACEPARENT,
  readCarrier,
  readLink,
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
 * A run with the relation `link` always has a trace of its own.
 */
export function newRunContext(metadata: Metadata, call: SpanContext | undefined): NewRunContext {
  const carried = readCarrier(metadata);
  const creation = linkedCreation(metadata, carried);
  if (creation) return linkedContext(metadata, creation);
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
 * Starts the trace of a run with the relation `link` (telemetry contract, section 1.3): engine and worker share it, with all
 * attempts, and it links to the context of its creation. Without a span of this engine it has the flag of its creation.
 */
function linkedContext(metadata: Metadata, creation: SpanContext): NewRunContext {
  const started = newTraceContext();
  const isRecorded = isRecordedTrace(started.traceId);
  const context = isRecorded ? started : { ...started, traceFlags: creation.traceFlags };
  const linkTraceparent = columns(creation).traceparent;
  const { [TRACEPARENT]: _traceparent, [TRACESTATE]: _tracestate, ...rest } = metadata;
  return {
    ...columns(context),
    rootSpanId: started.spanId,
    linkTraceparent,
    metadata: writeCarrier({ ...rest, [LINK_TRACEPARENT]: linkTraceparent }, context),
  };
}

/**
 * Reads the creation of a run with the relation `link`. Instrumentors other than ours write it as the `traceparent`, beside
 * which ours writes none.
 */
function linkedCreation(metadata: Metadata, carried: SpanContext | undefined): SpanContext | undefined {
  const link = readLink(metadata);
  if (!carried || link) return carried ? undefined : link;
  return metadata[TRACE_RELATION] === 'link' ? carried : undefined;
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

function columns(context: SpanContext): RunContextColumns & { traceId: string; traceparent: string } {
  const carrier: Metadata = writeCarrier({}, context);
  return {
    traceId: context.traceId,
    traceparent: String(carrier[TRACEPARENT]),
    tracestate: typeof carrier[TRACESTATE] === 'string' ? carrier[TRACESTATE] : null,
    rootSpanId: null,
  };
}
