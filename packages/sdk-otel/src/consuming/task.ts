import type { Span, SpanContext } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt-memory.ts';
import { DurableLog, type EarlierInvocations } from '../attempts/durable-log.ts';
import { attemptVerdict, type Verdict } from '../attempts/outcome.ts';
import { guard } from '../call/guard.ts';
import type { PreparedCall } from '../call/prepared-call.ts';
import type { Settings } from '../configuration/settings.ts';
import {
  DURABLE_CHILDREN,
  DURABLE_ENTRIES,
  type Metadata,
  mayCarryContext,
  PREVIOUS_TRACEPARENT,
  parseTraceparent,
} from '../context/carrier.ts';
import { contextBelow } from '../context/outgoing-context.ts';
import { hasContextManager, readReceivedContext } from '../context/received-context.ts';
import { withScope } from '../context/task-scope.ts';
import { markFailed, recordFailure } from '../telemetry/failure.ts';
import { describe, endSpan, type SpanPlan, startSpan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import {
  createTaskScope,
  type TaskAction,
  type TaskWorker,
  taskFacts,
  taskValues,
  workflowNameOf,
} from './task-facts.ts';
import { measureTask } from './task-metrics.ts';

/** Prepares an attempt of a task, or an invocation of a durable task, in a span below the received context. */
export function prepareTask<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  worker: TaskWorker,
): PreparedCall<Args, Result> | undefined {
  const { settings, attempts, metrics } = telemetry;
  if (!telemetry.tracing && !metrics) return withReceivedContext(settings, args, action);
  const facts = taskFacts(action, worker);
  const { above, place, metadata } = readReceivedContext(settings, action, facts.names.workflow_name);
  const { taskRunExternalId: taskRunId, retryCount = 0, durableTaskInvocationCount: invocation = 0 } = action;
  const isLater = retryCount > 0 || invocation > 1;
  const before = isLater ? attempts.latest(taskRunId) : undefined;
  const plan: SpanPlan = {
    operation: 'start_step_run',
    args,
    client: worker.client,
    nameSuffix: settings.includeTaskName(worker.client) ? action.actionId : undefined,
    initial: { hatchet: facts.names, destination: 'workflow_name' },
    details: () => taskValues(facts),
    data: () => ({ payload: action.actionPayload, metadata: action.additionalMetadata }),
    links: [place.creation, isLater ? previousSpan(telemetry, action, metadata) : undefined],
  };
  const span = startSpan(telemetry, plan, above);
  const recording = span.isRecording();
  const watched = recording || metrics !== undefined;
  const attempt: Attempt = {
    taskRunId,
    retryCount,
    invocation,
    log:
      invocation > 0
        ? new DurableLog(invocation, before?.log, isLater ? earlierInvocations(metadata) : undefined)
        : undefined,
    span: recording ? span.spanContext() : undefined,
    context: place.parent ?? span.spanContext(),
    sendsContext: recording && sendsCreationTime(action),
    observe: watched ? () => observeTask(attempt, worker) : undefined,
  };
  attempts.add(attempt);
  const below = withScope(contextBelow(span, above), createTaskScope(settings, facts, metadata));
  if (!watched) return { args, context: below };

  const endMetrics = measureTask(telemetry, facts);
  const finish = (result: unknown) => {
    const { signal, report, reportedFailure, timedOut } = attempt;
    const { registered } = worker;
    const verdict = attemptVerdict({ result, signal, report, reportedFailure, timedOut, registered });
    if (recording) recordVerdict(telemetry, span, plan, verdict, attempt);
    const { work } = attempt;
    const failure = verdict.error ?? attempt.reportError;
    // the memory outlives the task: it keeps ids, but not the user's promise and payload
    attempt.observe = attempt.work = attempt.signal = attempt.reportedFailure = attempt.reportError = undefined;
    const end = () => {
      endMetrics?.(verdict.outcome, failure);
      if (recording) endSpan(telemetry, span, plan, failure);
      attempts.end(attempt, verdict.outcome === 'completed');
    };
    const stopped = verdict.outcome !== 'completed' && verdict.outcome !== 'failed';
    if (stopped && work) void waitUntilSettled(work, worker.gracePeriod).then(() => guard('ending a task', end));
    else end();
  };
  return { args, context: below, onSuccess: finish, onError: finish };
}

/** Span of the attempt or invocation before: of this worker, or else as the engine sends it. */
function previousSpan(
  { attempts }: Telemetry,
  { taskRunExternalId, retryCount = 0, durableTaskInvocationCount: invocation = 0 }: TaskAction,
  metadata: Metadata,
): SpanContext | undefined {
  return (
    attempts.previous(taskRunExternalId, retryCount, invocation) ?? parseTraceparent(metadata[PREVIOUS_TRACEPARENT])
  );
}

function earlierInvocations({
  [DURABLE_ENTRIES]: entries,
  [DURABLE_CHILDREN]: children,
}: Metadata): EarlierInvocations {
  return {
    entries: typeof entries === 'number' ? entries : undefined,
    children: typeof children === 'number' ? children : undefined,
  };
}

// Our engine does, and keeps the context of an attempt's span for the next attempt. Hatchet's would only store it.
function sendsCreationTime({ taskInsertedAt }: TaskAction): boolean {
  return taskInsertedAt !== undefined;
}

/** Records the outcome, and the failure of the task or of its report. */
export function recordVerdict(
  telemetry: Telemetry,
  span: Span,
  plan: SpanPlan,
  { outcome, error }: Verdict,
  { reportError }: Attempt,
): void {
  describe(telemetry, span, plan.client, () => ({ hatchet: { outcome } }));
  if (error) recordFailure(span, error.thrown);
  if (!reportError) return;
  if (error) markFailed(span, reportError.thrown);
  else recordFailure(span, reportError.thrown);
}

// Without a provider nothing is recorded; a received context is still passed on if a context manager keeps it.
function withReceivedContext<Args extends readonly unknown[], Result>(
  settings: Settings,
  args: Args,
  action: TaskAction,
): PreparedCall<Args, Result> | undefined {
  if (!mayCarryContext(action.additionalMetadata) || !hasContextManager()) return undefined;
  return { args, context: readReceivedContext(settings, action, workflowNameOf(action)).above };
}

// Runs when the start is reported or a cancellation arrives: before, the SDK has created neither signal nor promise;
// after, it has dropped both.
function observeTask(attempt: Attempt, worker: TaskWorker): void {
  const { signal, work } = worker.findTask();
  attempt.signal ??= signal;
  attempt.work ??= work;
}

function waitUntilSettled(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    timer.unref(); // a span must not keep a stopping worker alive
  });
  return Promise.race([work.catch(() => undefined), timeout]).finally(() => clearTimeout(timer));
}
