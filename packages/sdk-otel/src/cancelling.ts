import { context, type SpanContext, trace } from '@opentelemetry/api';
import { readCarrier } from './carrier.ts';
import { recordFailure } from './failure.ts';
import { activeUnder } from './handover.ts';
import { type TaskAction, type TaskHost, taskIdentity, workflowNameOf } from './processing.ts';
import { linksTo } from './relation.ts';
import { startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** A cancellation that reached this worker: in the attempt's trace, linked to the span that it cancels. */
export function cancelling<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  host: Pick<TaskHost, 'workerId' | 'workerName' | 'client'>,
): PreparedCall<Args, Result> {
  const attempt = telemetry.attempts.find(action.taskRunExternalId, action.retryCount);
  attempt?.observe?.(); // the SDK forgets the task while it cancels it
  if (attempt && isTimeout(action.actionPayload)) attempt.timedOut = true;

  const parent: SpanContext | undefined = attempt?.context ?? readCarrier(action.additionalMetadata);
  const detached = trace.deleteSpan(context.active());
  const above = parent ? trace.setSpanContext(detached, parent) : detached;
  const workflowName = workflowNameOf(action);
  const span = startSpan(
    telemetry,
    {
      operation: 'cancel_step_run',
      client: host.client,
      initial: { hatchet: { workflow_name: workflowName, action_name: action.actionId }, destination: 'workflow_name' },
      details: () => ({
        hatchet: taskIdentity(action, host.workerId),
        message: 'workflow_run_id',
        clientId: host.workerName,
      }),
      links: linksTo(attempt?.span),
    },
    above,
  );
  const below = activeUnder(span, above);
  if (!span.isRecording()) return { args, context: below };
  return {
    args,
    context: below,
    succeeded: () => span.end(),
    failed: (thrown) => {
      recordFailure(span, thrown);
      span.end();
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
