import {
  DispatcherDefinition,
  type SubscribeToWorkflowRunsRequest,
  WorkflowRunEvent,
  WorkflowRunEventType,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { GetRunDetailsResponse, RunStatus } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { isUuid } from '@hatchet-ts/internal/uuid';
import { messageSpan } from '@hatchet-ts/server-otel';
import type { RunDetails, RunResult, TaskResult } from '@hatchet-ts/storage/runs';
import type { CallContext } from 'nice-grpc';
import { CANCELLED_ERROR } from '../messages/hatchet-texts.ts';
import { MOST_BYTES } from '../messages/limits.ts';
import type { Results } from '../runs/results.ts';
import type { Authorized } from './authorization.ts';
import type { RunContexts } from './call-parent.ts';
import { Outbox } from './outbox.ts';

export interface RunResultsDeps {
  results: Results;
  contexts: RunContexts;
  /** Ends open streams when the engine stops. */
  stopping: AbortSignal;
}

const SUBSCRIBE = `/${DispatcherDefinition.fullName}/${DispatcherDefinition.methods.subscribeToWorkflowRuns.name}`;

/** Streams the results of the runs that a client names, each once it has ended; the stream itself never ends. */
export async function* runResults(
  { results, contexts, stopping }: RunResultsDeps,
  requests: AsyncIterable<SubscribeToWorkflowRunsRequest>,
  { tenantId, signal }: CallContext & Authorized,
): AsyncGenerator<WorkflowRunEvent> {
  const outbox = new Outbox<WorkflowRunEvent>();
  const subscriptions = new Map<string, () => void>();
  let open = true;

  async function subscribe(runId: string): Promise<void> {
    // A malformed id is treated like the id of a run that does not exist yet.
    if (!isUuid(runId)) return;
    const parent = await contexts.ofRun(tenantId, runId);
    if (!open) return;
    messageSpan(SUBSCRIBE, { parent }, () => {
      subscriptions.get(runId)?.();
      const stop = results.subscribe(tenantId, runId.toLowerCase(), (result) => {
        subscriptions.delete(runId);
        outbox.send({ ...runEvent(result), workflowRunId: runId });
      });
      subscriptions.set(runId, stop);
    });
  }

  async function read(): Promise<void> {
    for await (const { workflowRunId } of requests) await subscribe(workflowRunId);
  }

  read().catch((error: Error) => outbox.fail(error));
  try {
    yield* outbox.messages(signal, stopping);
  } finally {
    open = false;
    for (const stop of subscriptions.values()) stop();
  }
}

/** Message with a run's results. */
function runEvent(run: RunResult): WorkflowRunEvent {
  return WorkflowRunEvent.fromPartial({
    workflowRunId: run.id,
    eventType: WorkflowRunEventType.WORKFLOW_RUN_EVENT_TYPE_FINISHED,
    eventTimestamp: run.finishedAt ? new Date(run.finishedAt) : new Date(),
    results: sendable(run.tasks.filter(hasResult)).map((task) => ({
      taskRunExternalId: task.id,
      taskName: task.name,
      jobRunId: task.id,
      // The SDK treats a non-empty error as failure, and an empty one as success.
      ...(hasOutput(task) ? { output: task.output ?? '{}' } : { error: errorText(task) }),
    })),
  });
}

/** Replaces outputs without room by errors: a client would request a message that it cannot receive again and again. */
function sendable(tasks: readonly TaskResult[]): TaskResult[] {
  let room = MOST_BYTES - OTHER_FIELDS_OF_EVENT;
  return tasks.map((task) => {
    const bytes = Buffer.byteLength(task.output ?? '') + Buffer.byteLength(task.error ?? '') + OTHER_FIELDS_OF_RESULT;
    if (bytes <= room) {
      room -= bytes;
      return task;
    }
    const error = `the output of ${bytes} bytes exceeds the ${MOST_BYTES} bytes of a message; read it over the REST API`;
    return { ...task, status: 'FAILED', output: null, error };
  });
}

/** Room for the other fields of an event, and of each result. */
const OTHER_FIELDS_OF_EVENT = 64 * 1024;
const OTHER_FIELDS_OF_RESULT = 512;

/** Response of `GetRunDetails`, which Python's clients poll for results. */
export function runDetailsResponse(run: RunDetails): GetRunDetailsResponse {
  return GetRunDetailsResponse.fromPartial({
    input: Buffer.from(run.input),
    status: STATUS[run.status],
    done: run.finishedAt !== null,
    additionalMetadata: Buffer.from(JSON.stringify(run.additionalMetadata)),
    isEvicted: run.tasks.some(({ status }) => status === 'EVICTED'),
    taskRuns: Object.fromEntries(
      run.tasks.map((task) => [
        task.name,
        {
          externalId: task.id,
          readableId: task.name,
          status: STATUS[task.status],
          isEvicted: task.status === 'EVICTED',
          ...(hasOutput(task) ? { output: Buffer.from(task.output ?? '{}') } : {}),
          ...(task.status === 'FAILED' || task.status === 'CANCELLED' ? { error: errorText(task) } : {}),
        },
      ]),
    ),
  });
}

const STATUS: Record<RunResult['status'] | TaskResult['status'], RunStatus> = {
  WAITING: RunStatus.QUEUED,
  QUEUED: RunStatus.QUEUED,
  BACKOFF: RunStatus.QUEUED,
  RUNNING: RunStatus.RUNNING,
  EVICTED: RunStatus.RUNNING,
  COMPLETED: RunStatus.COMPLETED,
  FAILED: RunStatus.FAILED,
  CANCELLED: RunStatus.CANCELLED,
  SKIPPED: RunStatus.COMPLETED,
};

/** @returns false for a task that never ran because of another task, whose error is the run's. */
function hasResult({ status, error }: TaskResult): boolean {
  return !(status === 'CANCELLED' && error === null);
}

/** A skipped task has an output, too. */
function hasOutput({ status }: TaskResult): boolean {
  return status === 'COMPLETED' || status === 'SKIPPED';
}

/** The caller of a cancelled run gets an empty error, as from Hatchet's own engine: its promise resolves with `{}`. */
function errorText({ status, error }: TaskResult): string {
  if (status === 'CANCELLED') return error === CANCELLED_ERROR || error === null ? '' : error;
  return error || 'the task failed without a message';
}
