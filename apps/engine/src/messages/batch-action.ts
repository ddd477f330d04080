import { ActionType, AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { ITEM_TRACEPARENTS, TRACEPARENT } from '@hatchet-ts/sdk-otel/propagation';
import type { Assignment } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { startPayload } from './assigned-action.ts';

/** Batch that was assigned to a worker. */
export interface AssignedBatch {
  id: string;
  key: string;
  /** It is full, or its first task has waited long enough. */
  reason: 'max_size' | 'max_interval';
  assignments: Assignment[];
}

/** Message that makes a worker run a batch in one call. It names no run; the payload holds them. */
export function startBatchAction(batch: AssignedBatch, steps: readonly Step[]): AssignedAction {
  const { id, key, reason, assignments } = batch;
  const { task, run } = assignments[0]!;
  const stepId = steps[task.step]?.id ?? '';
  return AssignedAction.fromPartial({
    tenantId: task.tenantId,
    getGroupKeyRunId: '',
    jobId: stepId,
    jobName: task.name,
    taskId: stepId,
    actionId: task.action,
    taskName: task.name,
    actionType: ActionType.START_BATCH,
    actionPayload: payload(batch, steps),
    additionalMetadata: JSON.stringify(itemContexts(batch)),
    priority: run.priority,
    workflowId: run.workflowId,
    workflowVersionId: run.versionId,
    batchId: id,
    batchKey: key,
    batchSize: assignments.length,
    batchStartPayload: {
      triggerReason: reason,
      triggerTime: new Date(task.assignedAt),
      expectedSize: assignments.length,
    },
  });
}

function payload({ assignments }: AssignedBatch, steps: readonly Step[]): string {
  const items = assignments.map((assignment) => {
    const { id, runId } = assignment.task;
    return `"${id}":{"payload":${startPayload(assignment, steps)},"workflow_run_id":"${runId}"}`;
  });
  return `{${items.join(',')}}`;
}

/** Contexts that an instrumented worker links its span to; Hatchet's own engine sends none. */
function itemContexts({ assignments }: AssignedBatch): Record<string, unknown> {
  const contexts = assignments.map(({ additionalMetadata }) => additionalMetadata[TRACEPARENT]);
  const carried = contexts.filter((context) => typeof context === 'string');
  return carried.length === 0 ? {} : { [ITEM_TRACEPARENTS]: carried };
}
