import type { SpanContext } from '@opentelemetry/api';
import type { Attempt } from './attempts.ts';
import { ITEM_TRACEPARENTS, parseTraceparent } from './carrier.ts';
import { activeUnder } from './handover.ts';
import { attemptVerdict } from './outcome.ts';
import { measuredTask } from './processed-tasks.ts';
import { received, recordVerdict, taskScope } from './processing.ts';
import { linksTo } from './relation.ts';
import { actionNames, type TaskAction, type TaskHost } from './task-action.ts';
import { withScope } from './task-scope.ts';
import { endSpan, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/**
 * A batch: many runs in one call of the task's function, linked to the context of each. The contexts are in the action's
 * metadata, where the engine puts them; Hatchet's own engine sends none.
 */
export function processingBatch<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  host: TaskHost,
): PreparedCall<Args, Result> | undefined {
  const { settings, attempts, metrics } = telemetry;
  if (!telemetry.tracing && !metrics) return undefined;
  const names = actionNames(action);
  const { above, place, metadata } = received(settings, action, names);
  const plan: SpanPlan = {
    operation: 'start_batch_run',
    args,
    client: host.client,
    initial: { hatchet: names, destination: 'workflow_name' },
    details: () => ({
      hatchet: {
        tenant_id: action.tenantId,
        worker_id: host.workerId,
        step_name: action.taskName,
        batch_id: action.batchId,
        batch_key: action.batchKey,
        batch_size: action.batchSize,
      },
      batch: 'batch_size',
      clientId: host.workerName,
    }),
    data: () => ({ payload: action.actionPayload, metadata: action.additionalMetadata }),
    links: linksTo(place.creation, ...itemContexts(metadata[ITEM_TRACEPARENTS])),
  };
  const span = startSpan(telemetry, plan, above);
  const recording = span.isRecording();
  const watched = recording || metrics !== undefined;
  const attempt: Attempt = {
    taskRunId: action.batchId ?? action.taskRunExternalId,
    retryCount: 0,
    invocation: 0,
    span: recording ? span.spanContext() : undefined,
    observe: watched ? () => undefined : undefined,
  };
  attempts.add(attempt);
  const below = withScope(activeUnder(span, above), taskScope(settings, action, names, host, metadata));
  if (!watched) return { args, context: below };

  const done = measuredTask(telemetry, action, host, action.batchSize ?? 1);
  const finish = (result: unknown) => {
    const { report, reportedFailure, reportError } = attempt;
    // the SDK returns the error of a report that did not arrive as if it were the task's
    const own = reportError && result === reportError.thrown ? undefined : result;
    const verdict = attemptVerdict({ result: own, report, reportedFailure, registered: host.registered });
    if (recording) recordVerdict(telemetry, span, plan, verdict, attempt);
    attempt.observe = attempt.reportedFailure = attempt.reportError = undefined;
    done?.(verdict.outcome, verdict.error ?? reportError);
    if (recording) endSpan(telemetry, span, plan, verdict.error ?? reportError);
    attempts.end(attempt, verdict.outcome === 'completed');
  };
  return { args, context: below, succeeded: finish, failed: finish };
}

// as many as a span keeps by default
const LINKS = 128;

function itemContexts(traceparents: unknown): (SpanContext | undefined)[] {
  return Array.isArray(traceparents) ? traceparents.slice(0, LINKS).map((text) => parseTraceparent(text)) : [];
}
