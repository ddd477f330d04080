import type { Attributes } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt-memory.ts';
import type { ClientTelemetryConfig, Settings } from '../configuration/settings.ts';
import type { Metadata } from '../context/carrier.ts';
import type { TaskScope } from '../context/task-scope.ts';
import { type HatchetValues, type SpanValues, spanAttributes } from '../tables/attributes.ts';

/** Fields of the SDK's `Action` that this package reads. */
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
  readonly batchStartPayload?: { readonly expectedSize: number } | undefined;
  readonly batchKey?: string | undefined;
}

/** Worker that received an action. */
export interface TaskWorker {
  readonly id: string | undefined;
  readonly name: string;
  readonly client: ClientTelemetryConfig | undefined;
  /** True if the worker has a handler for the action. */
  readonly registered: boolean;
  /** Time that a cancelled task may go on, in milliseconds. */
  readonly gracePeriod: number;
  /** Returns the task's signal and promise, which are undefined until the SDK has created them. */
  findTask(): Pick<Attempt, 'signal' | 'work'>;
}

/** Facts about an action and its worker, computed once for spans, metrics and scope. */
export interface TaskFacts {
  readonly action: TaskAction;
  readonly worker: TaskWorker;
  /** Attributes that the sampler sees. */
  readonly names: { readonly workflow_name: string; readonly action_name: string };
  /** Attributes that identify the task, also on every span inside it. */
  readonly identity: HatchetValues;
  /** Time in the queue in milliseconds; see {@link queueTime}. */
  readonly queueTime: number | undefined;
}

export function taskFacts(action: TaskAction, worker: TaskWorker, now?: number): TaskFacts {
  return {
    action,
    worker,
    names: { workflow_name: workflowNameOf(action), action_name: action.actionId },
    identity: {
      tenant_id: action.tenantId,
      worker_id: worker.id,
      workflow_run_id: action.workflowRunId,
      step_id: action.taskId,
      step_run_id: action.taskRunExternalId,
      step_name: taskNameOf(action),
      workflow_id: action.workflowId,
      workflow_version_id: action.workflowVersionId,
      retry_count: action.retryCount,
    },
    queueTime: queueTime(action, now),
  };
}

/** Values of a task's span, except its outcome. */
export function taskValues({ action, worker, identity, queueTime }: TaskFacts): SpanValues {
  return {
    // written out: spreading the identity costs more than the rest of the span
    hatchet: {
      tenant_id: action.tenantId,
      worker_id: worker.id,
      workflow_run_id: action.workflowRunId,
      step_id: action.taskId,
      step_run_id: action.taskRunExternalId,
      step_name: identity.step_name,
      workflow_id: action.workflowId,
      workflow_version_id: action.workflowVersionId,
      retry_count: action.retryCount,
      parent_workflow_run_id: action.parentWorkflowRunId,
      child_workflow_index: action.childWorkflowIndex,
      child_workflow_key: action.childWorkflowKey,
      durable_invocation_count: action.durableTaskInvocationCount,
      triggering_event_external_id: action.triggeringEventExternalId,
      triggering_event_key: action.triggeringEventKey,
      priority: action.priority,
      queue_time_ms: queueTime,
    },
    message: 'workflow_run_id',
    clientId: worker.name,
  };
}

/** Creates the scope for the code inside a task. The first span inside computes the attributes. */
export function createTaskScope(
  settings: Settings,
  { names, identity, worker: { client } }: TaskFacts,
  metadata: Metadata,
): TaskScope {
  let attributes: Attributes | undefined;
  return {
    metadata,
    identity() {
      attributes ??= spanAttributes({ hatchet: { ...names, ...identity } }, settings.excludedFor(client));
      return attributes;
    },
  };
}

/** Extracts the workflow from the action id `<workflow>:<task>`; `jobName` is the task's name on current engines. */
export function workflowNameOf({ actionId, jobName }: Pick<TaskAction, 'actionId' | 'jobName'>): string {
  const separator = actionId.lastIndexOf(':');
  return separator === -1 ? jobName : actionId.slice(0, separator);
}

/** Name of the task; from the action id, in lower case, if the engine sends none: Hatchet's does not for a batch. */
function taskNameOf({ actionId, taskName }: Pick<TaskAction, 'actionId' | 'taskName'>): string {
  return taskName || actionId.slice(actionId.lastIndexOf(':') + 1);
}

/**
 * Computes the milliseconds from the task's creation to `now`; never negative, since two clocks may disagree. Undefined
 * after the first start, since a retry has waited for its back-off and not in the queue.
 */
function queueTime(
  { retryCount, durableTaskInvocationCount, taskInsertedAt }: TaskAction,
  now: number = Date.now(),
): number | undefined {
  if (retryCount > 0 || (durableTaskInvocationCount ?? 1) > 1 || !(taskInsertedAt instanceof Date)) return undefined;
  const waited = Math.round(now - taskInsertedAt.getTime());
  return Number.isFinite(waited) ? Math.max(0, waited) : undefined;
}
