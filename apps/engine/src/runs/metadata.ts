/** Additional metadata of a run or an event: a JSON object, on the wire as text. */
export type Metadata = Record<string, unknown>;

/** Prefix of keys that only the engine writes, except the SDK's keys for the source of an event. */
const RESERVED = 'hatchet__';
const SOURCE = ['hatchet__source_workflow_run_id', 'hatchet__source_step_run_id'];

/** Metadata of a child: its parent run's, overlaid by its own, plus the ids of its parent. */
export function childMetadata(
  own: Metadata,
  parent: { runId: string; taskId: string; additionalMetadata: Metadata },
): Metadata {
  const inherited = withoutReserved(parent.additionalMetadata);
  // A tracestate belongs to the traceparent beside it (W3C Trace Context 3.3).
  if (own.traceparent !== undefined) delete inherited.tracestate;
  return {
    ...inherited,
    ...own,
    hatchet__parent_workflow_run_id: parent.runId,
    hatchet__parent_step_run_id: parent.taskId,
  };
}

/** Metadata of a run that an event started. */
export function eventRunMetadata(own: Metadata, event: { id: string; key: string }): Metadata {
  return {
    ...withoutReserved(own),
    ...Object.fromEntries(SOURCE.filter((key) => own[key] !== undefined).map((key) => [key, own[key]])),
    hatchet__event_id: event.id,
    hatchet__event_key: event.key,
  };
}

function withoutReserved(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith(RESERVED)));
}
