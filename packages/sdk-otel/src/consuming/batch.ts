import type { SpanContext } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt-memory.ts';
import { attemptVerdict } from '../attempts/outcome.ts';
import { guard } from '../call/guard.ts';
import type { PreparedCall } from '../call/prepared-call.ts';
import { ITEM_TRACEPARENTS, parseTraceparent } from '../context/carrier.ts';
import { contextBelow } from '../context/outgoing-context.ts';
import { readReceivedContext } from '../context/received-context.ts';
import { withScope } from '../context/task-scope.ts';
import { endSpan, type SpanPlan, startSpan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { recordVerdict } from './task.ts';
import { createTaskScope, type TaskAction, type TaskWorker, taskFacts } from './task-facts.ts';
import { measureTask } from './task-metrics.ts';

/**
 * Prepares a batch: several runs in one call of the task's function, with a link to the context of each. Our engine puts
 * these contexts into the action's metadata; Hatchet's own engine sends none.
 */
export function prepareBatch<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  worker: TaskWorker,
): PreparedCall<Args, Result> | undefined {
  const { settings, attempts, metrics } = telemetry;
  if (!telemetry.tracing && !metrics) return undefined;
  const facts = taskFacts(action, worker);
  const { above, place, metadata } = readReceivedContext(settings, action, facts.names.workflow_name);
  let counted: number | undefined;
  const size = () => (counted ??= batchSize(action));
  const plan: SpanPlan = {
    operation: 'start_batch_run',
    args,
    client: worker.client,
    initial: { hatchet: facts.names, destination: 'workflow_name' },
    details: () => ({
      hatchet: {
        tenant_id: action.tenantId,
        worker_id: worker.id,
        step_name: facts.identity.step_name,
        batch_id: action.batchId,
        batch_key: action.batchKey,
        batch_size: size(),
      },
      batch: 'batch_size',
      clientId: worker.name,
    }),
    data: () => ({ payload: action.actionPayload, metadata: action.additionalMetadata }),
    links: [place.creation, ...itemContexts(metadata[ITEM_TRACEPARENTS])],
  };
  const span = startSpan(telemetry, plan, above);
  const recording = span.isRecording();
  const watched = recording || metrics !== undefined;
  const attempt: Attempt = {
    taskRunId: action.batchId ?? action.taskRunExternalId,
    retryCount: 0,
    invocation: 0,
    span: recording ? span.spanContext() : undefined,
    context: place.parent ?? span.spanContext(),
    observe: watched ? () => undefined : undefined,
  };
  attempts.add(attempt);
  const below = withScope(contextBelow(span, above), createTaskScope(settings, facts, metadata));
  if (!watched) return { args, context: below };

  const endMetrics = measureTask(telemetry, facts, size() ?? 1);
  const finish = (result: unknown) => {
    const { report, reportedFailure, reportError } = attempt;
    // the SDK returns the error of an undelivered report as if it were the task's
    const own = reportError && result === reportError.thrown ? undefined : result;
    const verdict = attemptVerdict({ result: own, report, reportedFailure, registered: worker.registered });
    if (recording) recordVerdict(telemetry, span, plan, verdict, attempt);
    attempt.observe = attempt.reportedFailure = attempt.reportError = undefined;
    endMetrics?.(verdict.outcome, verdict.error ?? reportError);
    if (recording) endSpan(telemetry, span, plan, verdict.error ?? reportError);
    attempts.end(attempt, verdict.outcome === 'completed');
  };
  return { args, context: below, onSuccess: finish, onError: finish };
}

/** Number of items: as the engine sends it (ours as `batchSize`, Hatchet's as `expectedSize`), or else that of the payload. */
function batchSize({ batchSize, batchStartPayload, actionPayload }: TaskAction): number | undefined {
  const sent = batchSize || batchStartPayload?.expectedSize;
  return sent || guard('counting the items of a batch', () => Object.keys(JSON.parse(actionPayload || '{}')).length);
}

// the default limit of links of a span
const LINKS = 128;

function itemContexts(traceparents: unknown): (SpanContext | undefined)[] {
  return Array.isArray(traceparents) ? traceparents.slice(0, LINKS).map((text) => parseTraceparent(text)) : [];
}
