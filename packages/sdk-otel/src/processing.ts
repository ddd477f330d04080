import { context, trace } from '@opentelemetry/api';
import type { Attempt } from './attempts.ts';
import { withReceivedMetadata } from './attempts.ts';
import type { SpanValues } from './attributes.ts';
import { BAGGAGE, withBaggage } from './baggage.ts';
import { captured } from './capture.ts';
import { type Metadata, parseMetadata } from './carrier.ts';
import { markFailed, recordFailure } from './failure.ts';
import { activeUnder } from './handover.ts';
import { type AttemptVerdict, attemptVerdict } from './outcome.ts';
import { linksTo, placement } from './relation.ts';
import type { ClientTelemetryConfig } from './settings.ts';
import { describe, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

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
}

/** What the worker knows besides the action. */
export interface TaskHost {
  readonly workerId: string | undefined;
  readonly workerName: string;
  readonly client: ClientTelemetryConfig | undefined;
  /** whether the worker has a handler for the action */
  readonly registered: boolean;
  /** how long a cancelled task may go on, milliseconds */
  readonly gracePeriod: number;
  /** the task's signal and promise, once the SDK has made them */
  readonly task: () => Pick<Attempt, 'signal' | 'work'>;
}

/** One attempt of a task, or one invocation of a durable one. */
export function processing<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  host: TaskHost,
): PreparedCall<Args, Result> {
  const { settings, attempts } = telemetry;
  const everyKey = typeof settings.relation === 'function';
  const metadata: Metadata = parseMetadata(action.additionalMetadata, everyKey) ?? {};
  const workflowName = workflowNameOf(action);
  const { taskRunExternalId: taskRunId, retryCount = 0, durableTaskInvocationCount: invocation = 0 } = action;
  const place = placement(
    settings.relation,
    { actionId: action.actionId, taskName: action.taskName, workflowName },
    metadata,
  );
  // the listener loop's own span is nobody's parent here; everything else in its context stays visible to the task
  let above = trace.deleteSpan(context.active());
  if (place.parent) above = trace.setSpanContext(above, place.parent);
  if (settings.propagateBaggage) above = withBaggage(above, metadata[BAGGAGE]);
  const span = startSpan(
    telemetry,
    {
      operation: 'start_step_run',
      client: host.client,
      nameSuffix: settings.includeTaskName(host.client) ? action.actionId : undefined,
      initial: { hatchet: { workflow_name: workflowName, action_name: action.actionId }, destination: 'workflow_name' },
      details: () => taskValues(telemetry, action, host),
      links: linksTo(place.creation, attempts.previous(taskRunId, retryCount, invocation)),
    },
    above,
  );
  const recording = span.isRecording();
  const attempt: Attempt = {
    taskRunId,
    retryCount,
    invocation,
    span: recording ? span.spanContext() : undefined,
    context: place.parent ?? span.spanContext(),
    ...(recording && { observe: () => observe(attempt, host) }),
  };
  attempts.add(attempt);
  const below = withReceivedMetadata(activeUnder(span, above), metadata);
  if (!recording) return { args, context: below };

  const finish = (result: unknown) => {
    const verdict = attemptVerdict({ ...attempt, result, registered: host.registered });
    describe(telemetry, span, host.client, () => ({ hatchet: { outcome: verdict.outcome } }));
    recordVerdict(span, verdict, attempt);
    const { work } = attempt;
    // the memory outlives the task: it keeps ids, not the user's promise and payload
    attempt.observe = attempt.work = attempt.signal = attempt.reportedFailure = undefined;
    const stopped = verdict.outcome !== 'completed' && verdict.outcome !== 'failed';
    if (stopped && work) void settledWithin(work, host.gracePeriod).then(() => span.end());
    else span.end();
  };
  return {
    args,
    context: below,
    succeeded: finish,
    failed: finish,
  };
}

/** What the task's span says, but for its end. */
export function taskValues(
  telemetry: Telemetry,
  action: TaskAction,
  host: TaskHost,
  now: number = Date.now(),
): SpanValues {
  return {
    hatchet: {
      ...taskIdentity(action, host.workerId),
      parent_workflow_run_id: action.parentWorkflowRunId,
      child_workflow_index: action.childWorkflowIndex,
      child_workflow_key: action.childWorkflowKey,
      durable_invocation_count: action.durableTaskInvocationCount,
      triggering_event_external_id: action.triggeringEventExternalId,
      triggering_event_key: action.triggeringEventKey,
      priority: action.priority,
      queue_time_ms: queueTime(action, now),
      ...captured(telemetry.settings.capture, { payload: action.actionPayload, metadata: action.additionalMetadata }),
    },
    message: 'workflow_run_id',
    clientId: host.workerName,
  };
}

/** Which task it is; workflow and action name are given to the sampler before. */
export function taskIdentity(action: TaskAction, workerId: string | undefined): SpanValues['hatchet'] {
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

/** `<workflow>:<task>` is the action's id; `jobName` is the task's name on today's engines. */
export function workflowNameOf({ actionId, jobName }: Pick<TaskAction, 'actionId' | 'jobName'>): string {
  const separator = actionId.lastIndexOf(':');
  return separator === -1 ? jobName : actionId.slice(0, separator);
}

// asked when the start is reported and when a cancellation arrives: before, the SDK has made neither; after, it has forgotten both
function observe(attempt: Attempt, host: TaskHost): void {
  const { signal, work } = host.task();
  attempt.signal ??= signal;
  attempt.work ??= work;
}

// a retry waited for its back-off, not in the queue; two clocks may disagree
function queueTime(
  { retryCount, durableTaskInvocationCount, taskInsertedAt }: TaskAction,
  now: number,
): number | undefined {
  if (retryCount > 0 || (durableTaskInvocationCount ?? 1) > 1 || !(taskInsertedAt instanceof Date)) return undefined;
  const waited = Math.round(now - taskInsertedAt.getTime());
  return Number.isFinite(waited) ? Math.max(0, waited) : undefined;
}

function recordVerdict(
  span: Parameters<typeof recordFailure>[0],
  { error }: AttemptVerdict,
  { reportError }: Attempt,
): void {
  if (error) recordFailure(span, error.thrown);
  if (!reportError) return;
  if (error) markFailed(span, reportError.thrown);
  else recordFailure(span, reportError.thrown);
}

function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    timer.unref(); // a worker that stops does not wait for a span
  });
  return Promise.race([work.catch(() => undefined), patience]).finally(() => clearTimeout(timer));
}
