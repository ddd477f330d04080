import type { HatchetValues } from './attributes.ts';
import type { ClientTelemetryConfig } from './settings.ts';

/** The fields of the SDK's `Action` that a span is made of. */
export interface TaskAction {
  readonly tenantId: string;
  readonly workflowRunId: string;
  readonly taskId: string;
  readonly taskRunExternalId: string;
  readonly taskName: string;
  readonly jobName: string;
  readonly actionId: string;
  readonly actionPayload: string;
  readonly retryCount: number;
  readonly priority: number;
  readonly additionalMetadata?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly workflowVersionId?: string | undefined;
  readonly parentWorkflowRunId?: string | undefined;
  readonly childWorkflowIndex?: number | undefined;
  readonly childWorkflowKey?: string | undefined;
  readonly durableTaskInvocationCount?: number | undefined;
  readonly triggeringEventExternalId?: string | undefined;
  readonly triggeringEventKey?: string | undefined;
  readonly taskInsertedAt?: Date | undefined;
  readonly batchId?: string | undefined;
  readonly batchSize?: number | undefined;
  readonly batchKey?: string | undefined;
}

/** The worker that received an action. */
export interface TaskHost {
  readonly workerId: string | undefined;
  readonly workerName: string;
  readonly client: ClientTelemetryConfig | undefined;
  /** whether the worker has a handler for the action */
  readonly registered: boolean;
}

/** Which task it is: what every span inside the task has too. */
export function taskIdentity(action: TaskAction, workerId: string | undefined): HatchetValues {
  return {
    tenant_id: action.tenantId,
    worker_id: workerId,
    workflow_run_id: action.workflowRunId,
    step_id: action.taskId,
    step_run_id: action.taskRunExternalId,
    step_name: action.taskName,
    workflow_id: action.workflowId,
    workflow_version_id: action.workflowVersionId,
    retry_count: action.retryCount,
  };
}

/** What of it the sampler is told, before the rest. */
export interface ActionNames {
  readonly workflow_name: string;
  readonly action_name: string;
}

export function actionNames(action: TaskAction): ActionNames {
  return { workflow_name: workflowNameOf(action), action_name: action.actionId };
}

/** `<workflow>:<task>` is the action's id; `jobName` is the task's name on today's engines. */
export function workflowNameOf({ actionId, jobName }: Pick<TaskAction, 'actionId' | 'jobName'>): string {
  const separator = actionId.lastIndexOf(':');
  return separator === -1 ? jobName : actionId.slice(0, separator);
}

/**
 * From the task's creation to now, in milliseconds, never negative: two clocks may disagree. Known for a task's first
 * start only, since a retry waited for its back-off and not in the queue.
 */
export function queueTime(
  { retryCount, durableTaskInvocationCount, taskInsertedAt }: TaskAction,
  now: number = Date.now(),
): number | undefined {
  if (retryCount > 0 || (durableTaskInvocationCount ?? 1) > 1 || !(taskInsertedAt instanceof Date)) return undefined;
  const waited = Math.round(now - taskInsertedAt.getTime());
  return Number.isFinite(waited) ? Math.max(0, waited) : undefined;
}
