import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import type { Attempt } from './attempts.ts';
import { type SpanValues, spanAttributes } from './attributes.ts';
import { BAGGAGE, withBaggage } from './baggage.ts';
import { carriesContext, type Metadata, parseMetadata } from './carrier.ts';
import { DurableLog } from './durable-log.ts';
import { markFailed, recordFailure } from './failure.ts';
import { guarded } from './guard.ts';
import { activeUnder } from './handover.ts';
import { type AttemptVerdict, attemptVerdict } from './outcome.ts';
import { measuredTask } from './processed-tasks.ts';
import { linksTo, type Placement, placement } from './relation.ts';
import type { Settings } from './settings.ts';
import {
  type ActionNames,
  actionNames,
  queueTime,
  type TaskAction,
  type TaskHost,
  taskIdentity,
} from './task-action.ts';
import { type TaskScope, withScope } from './task-scope.ts';
import { describe, endSpan, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** What the worker knows of a task that it runs. */
export interface RunningTask {
  /** how long it may go on when it is cancelled, milliseconds */
  readonly gracePeriod: number;
  /** its signal and promise, once the SDK has made them */
  find(): Pick<Attempt, 'signal' | 'work'>;
}

/** One attempt of a task, or one invocation of a durable one. */
export function processing<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  host: TaskHost,
  task: RunningTask,
): PreparedCall<Args, Result> | undefined {
  const { settings, attempts, metrics } = telemetry;
  if (!telemetry.tracing && !metrics) return handedIn(settings, args, action);
  const names = actionNames(action);
  const { above, place, metadata } = received(settings, action, names);
  const { taskRunExternalId: taskRunId, retryCount = 0, durableTaskInvocationCount: invocation = 0 } = action;
  const before = retryCount > 0 || invocation > 1 ? attempts.latest(taskRunId) : undefined;
  const plan: SpanPlan = {
    operation: 'start_step_run',
    args,
    client: host.client,
    nameSuffix: settings.includeTaskName(host.client) ? action.actionId : undefined,
    initial: { hatchet: names, destination: 'workflow_name' },
    details: () => taskValues(action, host),
    data: () => ({ payload: action.actionPayload, metadata: action.additionalMetadata }),
    links: linksTo(place.creation, before && attempts.previous(taskRunId, retryCount, invocation)),
  };
  const span = startSpan(telemetry, plan, above);
  const recording = span.isRecording();
  const watched = recording || metrics !== undefined;
  const attempt: Attempt = {
    taskRunId,
    retryCount,
    invocation,
    log: invocation > 0 ? new DurableLog(invocation, before?.log) : undefined,
    span: recording ? span.spanContext() : undefined,
    context: place.parent ?? span.spanContext(),
    observe: watched ? () => observe(attempt, task) : undefined,
  };
  attempts.add(attempt);
  const below = withScope(activeUnder(span, above), taskScope(settings, action, names, host, metadata));
  if (!watched) return { args, context: below };

  const done = measuredTask(telemetry, action, host);
  const finish = (result: unknown) => {
    const { signal, report, reportedFailure, timedOut } = attempt;
    const verdict = attemptVerdict({ result, signal, report, reportedFailure, timedOut, registered: host.registered });
    if (recording) recordVerdict(telemetry, span, plan, verdict, attempt);
    const { work } = attempt;
    const failure = verdict.error ?? attempt.reportError;
    // the memory outlives the task: it keeps ids, not the user's promise and payload
    attempt.observe = attempt.work = attempt.signal = attempt.reportedFailure = attempt.reportError = undefined;
    const end = () => {
      done?.(verdict.outcome, failure);
      if (recording) endSpan(telemetry, span, plan, failure);
      attempts.end(attempt, verdict.outcome === 'completed');
    };
    const stopped = verdict.outcome !== 'completed' && verdict.outcome !== 'failed';
    if (stopped && work) void settledWithin(work, task.gracePeriod).then(() => guarded('ending a task', end));
    else end();
  };
  return { args, context: below, succeeded: finish, failed: finish };
}

/** The context above what an action starts. The listener loop's own span is nobody's parent; the rest of its context stays. */
export function received(
  settings: Settings,
  action: TaskAction,
  names: ActionNames,
): { above: Context; place: Placement; metadata: Metadata } {
  const everyKey = typeof settings.relation === 'function';
  const metadata = parseMetadata(action.additionalMetadata, everyKey) ?? {};
  const { actionId, taskName } = action;
  const place = placement(settings.relation, { actionId, taskName, workflowName: names.workflow_name }, metadata);
  const active = context.active();
  let above = active;
  if (place.parent) above = trace.setSpanContext(active, place.parent);
  else if (trace.getSpan(active)) above = trace.deleteSpan(active);
  if (settings.propagateBaggage) above = withBaggage(above, metadata[BAGGAGE]);
  return { above, place, metadata };
}

/** What the task's span says, but for its end. */
export function taskValues(action: TaskAction, host: TaskHost, now?: number): SpanValues {
  return {
    // written out: spreading the identity costs more than all the rest of the span
    hatchet: {
      tenant_id: action.tenantId,
      worker_id: host.workerId,
      workflow_run_id: action.workflowRunId,
      step_id: action.taskId,
      step_run_id: action.taskRunExternalId,
      step_name: action.taskName,
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
      queue_time_ms: queueTime(action, now),
    },
    message: 'workflow_run_id',
    clientId: host.workerName,
  };
}

/** What the code inside the task can know of it; the attributes are made when the first span inside asks for them. */
export function taskScope(
  settings: Settings,
  action: TaskAction,
  names: ActionNames,
  host: TaskHost,
  metadata: Metadata,
): TaskScope {
  const identity = taskIdentity(action, host.workerId);
  const { client } = host;
  let attributes: Attributes | undefined;
  return {
    metadata,
    identity() {
      attributes ??= spanAttributes({ hatchet: { ...names, ...identity } }, settings.excludedFor(client));
      return attributes;
    },
  };
}

/** The outcome, and the failure of the task or of its report. */
export function recordVerdict(
  telemetry: Telemetry,
  span: Span,
  plan: SpanPlan,
  { outcome, error }: AttemptVerdict,
  { reportError }: Attempt,
): void {
  describe(telemetry, span, plan.client, () => ({ hatchet: { outcome } }));
  if (error) recordFailure(span, error.thrown);
  if (!reportError) return;
  if (error) markFailed(span, reportError.thrown);
  else recordFailure(span, reportError.thrown);
}

// Nothing records here: what was received is made active where something keeps contexts, and else there is nothing to do.
function handedIn<Args extends readonly unknown[], Result>(
  settings: Settings,
  args: Args,
  action: TaskAction,
): PreparedCall<Args, Result> | undefined {
  if (!carriesContext(action.additionalMetadata) || !contextsAreKept()) return undefined;
  return { args, context: received(settings, action, actionNames(action)).above };
}

function contextsAreKept(): boolean {
  const active = context.active();
  const probe = trace.deleteSpan(active);
  return context.with(probe, () => context.active() === probe);
}

// asked when the start is reported and when a cancellation arrives: before, the SDK has made neither; after, it has forgotten both
function observe(attempt: Attempt, task: RunningTask): void {
  const { signal, work } = task.find();
  attempt.signal ??= signal;
  attempt.work ??= work;
}

function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    timer.unref(); // a worker that stops does not wait for a span
  });
  return Promise.race([work.catch(() => undefined), patience]).finally(() => clearTimeout(timer));
}
