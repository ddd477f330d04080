import { context, type SpanContext, trace } from '@opentelemetry/api';
import type { PreparedCall } from '../call/prepared-call.ts';
import { readCarrier } from '../context/carrier.ts';
import { prepareSpan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type TaskAction, type TaskWorker, taskFacts } from './task-facts.ts';

/**
 * Prepares the cancellation of a task on this worker, in the attempt's trace and with a link to the attempt's span; for a
 * member of a batch, to the batch.
 */
export function prepareCancel<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  action: TaskAction,
  worker: TaskWorker,
): PreparedCall<Args, Result> {
  const { attempts } = telemetry;
  const attempt = attempts.find(action.taskRunExternalId, action.retryCount);
  attempt?.observe?.(); // the SDK drops the task while it cancels it
  if (attempt && isTimeout(action.actionPayload)) attempt.timedOut = true;

  const cancelled = attempt ?? attempts.batchOf(action.taskRunExternalId);
  const parent: SpanContext | undefined = cancelled?.context ?? readCarrier(action.additionalMetadata);
  const detached = trace.deleteSpan(context.active());
  const above = parent ? trace.setSpanContext(detached, parent) : detached;
  const { names, identity } = taskFacts(action, worker);
  return prepareSpan(
    telemetry,
    {
      operation: 'cancel_step_run',
      args,
      client: worker.client,
      initial: { hatchet: names, destination: 'workflow_name' },
      details: () => ({ hatchet: identity, message: 'workflow_run_id', clientId: worker.name }),
      links: [cancelled?.span],
    },
    above,
  );
}

// our engine sends the reason of a cancellation, Hatchet's does not
function isTimeout(payload: unknown): boolean {
  if (typeof payload !== 'string' || !payload.includes('timed_out')) return false;
  try {
    const reason: unknown = JSON.parse(payload);
    return typeof reason === 'object' && reason !== null && (reason as { reason?: unknown }).reason === 'timed_out';
  } catch {
    return false;
  }
}
