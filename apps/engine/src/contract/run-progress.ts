import {
  ResourceEventType,
  ResourceType,
  type SubscribeToWorkflowEventsRequest,
  WorkflowEvent,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { streamOpened } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { finishedRuns } from '@hatchet-ts/storage/runs';
import { Refusal } from '../refusal.ts';
import type { Progress, ProgressEvent, RunSelector } from '../runs/progress.ts';
import type { Outcome } from '../runs/state.ts';
import { uuidField } from './fields.ts';
import { Outbox } from './outbox.ts';

/** Time that chunks may arrive after the run's end: the SDK sends them without waiting for responses. */
const LATE_CHUNKS_MS = 250;

export interface RunProgressDeps {
  db: Queryable;
  progress: Progress;
  /** Ends open streams when the engine stops. */
  stopping: AbortSignal;
}

/** Streams the events of a run, or of the runs with a pair in their metadata; ends when these runs have ended. */
export async function* runProgress(
  { db, progress, stopping }: RunProgressDeps,
  request: SubscribeToWorkflowEventsRequest,
  { tenantId, signal }: { tenantId: string; signal: AbortSignal },
): AsyncGenerator<WorkflowEvent> {
  const selector = runSelector(request);
  const outbox = new Outbox<WorkflowEvent>();
  const open = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();

  function end(event: ProgressEvent & { kind: 'run-ended' }): void {
    open.delete(event.runId);
    const hangup = open.size === 0;
    outbox.send(workflowEvent(event, hangup));
    if (hangup) outbox.end();
  }

  const stop = progress.follow(tenantId, selector, (event) => {
    open.add(event.runId);
    if (event.kind === 'run-ended') timers.add(setTimeout(() => end(event), LATE_CHUNKS_MS));
    else outbox.send(workflowEvent(event));
  });
  streamOpened();
  try {
    if ('runId' in selector) {
      // Read after the subscription, so that an end in between is not missed.
      const [run] = await finishedRuns(db, [selector.runId]);
      if (run?.tenantId === tenantId && open.size === 0) {
        end({ kind: 'run-ended', runId: run.id, outcome: run.status.toLowerCase() as Outcome });
      }
    }
    yield* outbox.messages(signal, stopping);
  } finally {
    stop();
    for (const timer of timers) clearTimeout(timer);
  }
}

function runSelector(request: SubscribeToWorkflowEventsRequest): RunSelector {
  const { workflowRunId, additionalMetaKey: key, additionalMetaValue: value } = request;
  if (workflowRunId) return { runId: uuidField(workflowRunId, 'workflowRunId') };
  if (key && value !== undefined) return { key, value };
  throw new Refusal('invalid', 'pass workflowRunId, or additionalMetaKey and additionalMetaValue');
}

const ENDED: Partial<Record<Outcome, ResourceEventType>> = {
  completed: ResourceEventType.RESOURCE_EVENT_TYPE_COMPLETED,
  failed: ResourceEventType.RESOURCE_EVENT_TYPE_FAILED,
  cancelled: ResourceEventType.RESOURCE_EVENT_TYPE_CANCELLED,
  timed_out: ResourceEventType.RESOURCE_EVENT_TYPE_TIMED_OUT,
};

function workflowEvent(event: ProgressEvent, hangup = false): WorkflowEvent {
  const common = { workflowRunId: event.runId, eventTimestamp: new Date(), hangup };
  if (event.kind === 'run-ended') {
    return WorkflowEvent.fromPartial({
      ...common,
      resourceType: ResourceType.RESOURCE_TYPE_WORKFLOW_RUN,
      resourceId: event.runId,
      eventType: ENDED[event.outcome] ?? ResourceEventType.RESOURCE_EVENT_TYPE_UNKNOWN,
    });
  }
  const task = { ...common, resourceType: ResourceType.RESOURCE_TYPE_STEP_RUN, resourceId: event.taskId };
  switch (event.kind) {
    case 'task-started':
      return WorkflowEvent.fromPartial({
        ...task,
        eventType: ResourceEventType.RESOURCE_EVENT_TYPE_STARTED,
        retryCount: event.retryCount,
      });
    case 'task-ended':
      return WorkflowEvent.fromPartial({
        ...task,
        eventType: ENDED[event.outcome] ?? ResourceEventType.RESOURCE_EVENT_TYPE_UNKNOWN,
        eventPayload: event.payload,
        retryCount: event.retryCount,
      });
    case 'chunk':
      return WorkflowEvent.fromPartial({
        ...task,
        eventType: ResourceEventType.RESOURCE_EVENT_TYPE_STREAM,
        eventPayload: event.text,
        eventIndex: event.index,
      });
  }
}
