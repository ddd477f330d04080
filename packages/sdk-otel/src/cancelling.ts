import { context, type SpanContext, trace } from '@opentelemetry/api';
import { readCarrier } from './carrier.ts';
import { recordFailure } from './failure.ts';
import { activeUnder } from './handover.ts';
import { linksTo } from './relation.ts';
import { actionNames, type TaskAction, type TaskHost, taskIdentity } from './task-action.ts';
import { endSpan, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** A cancellation that reached this worker: in the attempt's trace, linked to the span that it cancels. */
export function cancelling<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  host: Omit<TaskHost, 'registered'>,
): PreparedCall<Args, Result> {
  const attempt = telemetry.attempts.find(action.taskRunExternalId, action.retryCount);
  attempt?.observe?.(); // the SDK forgets the task while it cancels it
  if (attempt && isTimeout(action.actionPayload)) attempt.timedOut = true;

  const parent: SpanContext | undefined = attempt?.context ?? readCarrier(action.additionalMetadata);
  const detached = trace.deleteSpan(context.active());
  const above = parent ? trace.setSpanContext(detached, parent) : detached;
  const plan: SpanPlan = {
    operation: 'cancel_step_run',
    args,
    client: host.client,
    initial: { hatchet: actionNames(action), destination: 'workflow_name' },
    details: () => ({
      hatchet: taskIdentity(action, host.workerId),
      message: 'workflow_run_id',
      clientId: host.workerName,
    }),
    links: linksTo(attempt?.span),
  };
  const span = startSpan(telemetry, plan, above);
  const below = activeUnder(span, above);
  if (!span.isRecording()) return { args, context: below };
  return {
    args,
    context: below,
    succeeded: () => endSpan(telemetry, span, plan),
    failed: (thrown) => {
      recordFailure(span, thrown);
      endSpan(telemetry, span, plan, { thrown });
    },
  };
}

// our engine says why it cancels; Hatchet's does not
function isTimeout(payload: unknown): boolean {
  if (typeof payload !== 'string' || !payload.includes('timed_out')) return false;
  try {
    const said: unknown = JSON.parse(payload);
    return typeof said === 'object' && said !== null && (said as { reason?: unknown }).reason === 'timed_out';
  } catch {
    return false;
  }
}
