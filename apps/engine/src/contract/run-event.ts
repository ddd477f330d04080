import { WorkflowRunEvent, WorkflowRunEventType } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { GetRunDetailsResponse, RunStatus } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import type { RunDetails, RunResult, TaskResult } from '@hatchet-ts/storage/runs';
import { CANCELLED_ERROR } from '../runs/outcome.ts';
import { MOST_BYTES } from './limits.ts';

/** The message that tells a client how a run ended. */
export function runEvent(run: RunResult): WorkflowRunEvent {
  return WorkflowRunEvent.fromPartial({
    workflowRunId: run.id,
    eventType: WorkflowRunEventType.WORKFLOW_RUN_EVENT_TYPE_FINISHED,
    eventTimestamp: run.finishedAt ? new Date(run.finishedAt) : new Date(),
    results: sendable(run.tasks.filter(hasResult)).map((task) => ({
      taskRunExternalId: task.id,
      taskName: task.name,
      jobRunId: task.id,
      // The SDK takes any error text that is not empty as a failure, and an empty one as success.
      ...(task.status === 'COMPLETED' ? { output: task.output ?? '{}' } : { error: errorText(task) }),
    })),
  });
}

/** A message that a client does not take would come back again and again: outputs without room become errors. */
function sendable(tasks: readonly TaskResult[]): TaskResult[] {
  let room = MOST_BYTES - REST_OF_EVENT;
  return tasks.map((task) => {
    const bytes = Buffer.byteLength(task.output ?? '') + Buffer.byteLength(task.error ?? '') + REST_OF_RESULT;
    if (bytes <= room) {
      room -= bytes;
      return task;
    }
    const error = `the output of ${bytes} bytes has no room in a message of ${MOST_BYTES}: read it over the REST API`;
    return { ...task, status: 'FAILED', output: null, error };
  });
}

/** Room for what an event says beside outputs and errors, and for what it says of each task. */
const REST_OF_EVENT = 64 * 1024;
const REST_OF_RESULT = 512;

/** A run as `GetRunDetails` shows it: Python's clients poll that for results. */
export function runDetailsResponse(run: RunDetails): GetRunDetailsResponse {
  return GetRunDetailsResponse.fromPartial({
    input: Buffer.from(run.input),
    status: STATUS[run.status],
    done: run.finishedAt !== null,
    additionalMetadata: Buffer.from(JSON.stringify(run.additionalMetadata)),
    isEvicted: run.tasks.some(({ status }) => status === 'EVICTED'),
    taskRuns: Object.fromEntries(
      run.tasks
        .filter(({ status }) => status !== 'SKIPPED')
        .map((task) => [
          task.name,
          {
            externalId: task.id,
            readableId: task.name,
            status: STATUS[task.status],
            isEvicted: task.status === 'EVICTED',
            ...(task.status === 'COMPLETED' ? { output: Buffer.from(task.output ?? '{}') } : {}),
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
  SKIPPED: RunStatus.CANCELLED,
};

/** A task that never ran because of another one has nothing to say: that one's error is the run's. */
function hasResult({ status, error }: TaskResult): boolean {
  return status !== 'SKIPPED' && !(status === 'CANCELLED' && error === null);
}

function errorText({ status, error }: TaskResult): string {
  return error || (status === 'CANCELLED' ? CANCELLED_ERROR : 'the task failed without a message');
}
