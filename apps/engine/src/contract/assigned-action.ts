import { ActionType, AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import type { Assignment, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import type { Tell } from '../runs/transition.ts';

/** The message that has a worker start an attempt. */
export function startAction(assignment: Assignment, steps: readonly Step[]): AssignedAction {
  const { task, run, additionalMetadata } = assignment;
  return AssignedAction.fromPartial({
    ...identity(task, steps),
    actionType: ActionType.START_STEP_RUN,
    actionPayload: startPayload(assignment, steps),
    additionalMetadata: JSON.stringify(additionalMetadata),
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

/** The message that has a worker stop an attempt; it names the attempt exactly as the start did. */
export function cancelAction(task: TaskRow, tell: Tell, steps: readonly Step[]): AssignedAction {
  return AssignedAction.fromPartial({
    ...identity(task, steps),
    actionType: ActionType.CANCEL_STEP_RUN,
    // Hatchet's own engine leaves it empty; an instrumented worker reads there what the SDK cannot tell it.
    actionPayload: tell === 'timed_out' ? '{"reason":"timed_out"}' : '',
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
    // It is a part of the name by which the SDK knows an invocation: only of a durable task.
    ...present({ durableTaskInvocationCount: task.invocationCount }),
  };
}

/** What a task's function works on. Written by hand around the input, which is JSON already. */
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

/** A parent's output; one that is no object arrives as `{}`, as from Hatchet's own engine: `parentOutput` wants one. */
function objectText(output: string | null | undefined): string {
  return output?.trimStart().startsWith('{') ? output : '{}';
}

function present<T extends object>(values: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as { [Key in keyof T]?: NonNullable<T[Key]> };
}
