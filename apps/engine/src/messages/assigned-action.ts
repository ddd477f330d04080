import { ActionType, AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { DURABLE_CHILDREN, DURABLE_ENTRIES, PREVIOUS_TRACEPARENT } from '@hatchet-ts/sdk-otel/propagation';
import type { Assignment, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { TIMED_OUT_PAYLOAD } from './hatchet-texts.ts';

/** Reason for which a worker has to stop an attempt. */
export type StopReason = 'cancelled' | 'timed_out' | 'lost';

/** Message that makes a worker start an attempt. */
export function startAction(assignment: Assignment, steps: readonly Step[]): AssignedAction {
  const { task, run, additionalMetadata } = assignment;
  return AssignedAction.fromPartial({
    ...identity(task, steps),
    actionType: ActionType.START_STEP_RUN,
    actionPayload: startPayload(assignment, steps),
    additionalMetadata: JSON.stringify(withEarlier(additionalMetadata, assignment.earlier)),
    priority: run.priority,
    workflowId: run.workflowId,
    workflowVersionId: run.versionId,
    ...present({
      parentWorkflowRunId: run.parentRunId,
      childWorkflowIndex: run.childIndex,
      childWorkflowKey: run.childKey,
      triggeringEventExternalId: run.eventId,
      triggeringEventKey: run.eventKey,
    }),
    taskInsertedAt: new Date(task.createdAt),
  });
}

/**
 * Adds what an instrumented worker has to know of earlier attempts, which another worker may have run. Values that a caller
 * forwarded from another task's metadata are removed: `JSON.stringify` leaves out undefined ones.
 */
function withEarlier(metadata: Assignment['additionalMetadata'], earlier: Assignment['earlier']): object {
  return {
    ...metadata,
    [PREVIOUS_TRACEPARENT]: earlier?.traceparent ?? undefined,
    [DURABLE_ENTRIES]: earlier?.entries ?? undefined,
    [DURABLE_CHILDREN]: earlier?.children ?? undefined,
  };
}

/** Message that makes a worker stop an attempt; it identifies the attempt exactly as the start did. */
export function cancelAction(task: TaskRow, reason: StopReason, steps: readonly Step[]): AssignedAction {
  return AssignedAction.fromPartial({
    ...identity(task, steps),
    actionType: ActionType.CANCEL_STEP_RUN,
    actionPayload: reason === 'timed_out' ? TIMED_OUT_PAYLOAD : '',
  });
}

function identity(task: TaskRow, steps: readonly Step[]): Partial<AssignedAction> {
  const stepId = steps[task.step]?.id ?? '';
  return {
    tenantId: task.tenantId,
    workflowRunId: task.runId,
    getGroupKeyRunId: '',
    jobId: stepId,
    jobName: task.name,
    jobRunId: task.id,
    taskId: stepId,
    taskRunExternalId: task.id,
    actionId: task.action,
    taskName: task.name,
    retryCount: task.retryCount,
    // Durable tasks only: the SDK builds an invocation's key from it.
    ...present({ durableTaskInvocationCount: task.invocationCount }),
  };
}

/** Payload for a task's function. Concatenated by hand because the input is JSON text already. */
export function startPayload({ task, input, others }: Assignment, steps: readonly Step[]): string {
  const step = steps[task.step];
  const parents = (step?.parents ?? []).flatMap((position) => {
    const name = steps[position]?.name ?? '';
    return [`${JSON.stringify(name)}:${objectText(others?.[name]?.output)}`];
  });
  const errors =
    step?.kind === 'on-failure'
      ? Object.entries(others ?? {}).filter(([, { output, error }]) => output === null && error !== null)
      : [];
  const stepRunErrors = Object.fromEntries(errors.map(([name, { error }]) => [name, error]));
  return (
    `{"input":${input},"triggered_by":"manual","parents":{${parents.join(',')}},"triggers":{"filter_payload":null},` +
    `"user_data":null,"overrides":null,"step_run_errors":${JSON.stringify(stepRunErrors)}}`
  );
}

/** Replaces a parent's output that is not an object by `{}`, as Hatchet's own engine does: `parentOutput` requires one. */
function objectText(output: string | null | undefined): string {
  return output?.trimStart().startsWith('{') ? output : '{}';
}

function present<T extends object>(values: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as { [Key in keyof T]?: NonNullable<T[Key]> };
}
