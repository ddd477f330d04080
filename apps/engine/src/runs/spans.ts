import { readCarrier, TRACEPARENT } from '@hatchet-ts/sdk-otel/propagation';
import { type EngineAttributes, recordEngineSpan } from '@hatchet-ts/server-otel';
import type { EpochMs, RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { type HrTime, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { runSpanContext } from './context.ts';
import { errorMessage } from './error-message.ts';
import type { Outcome } from './state.ts';

/**
 * Records the wait of an attempt, from the moment that it could run until it was sent to a worker.
 *
 * @param error set if it was given up instead
 */
export function recordQueued(
  run: RunRow,
  task: TaskRow,
  step: Step | undefined,
  endedAt: EpochMs,
  error?: string,
): void {
  const parent = runSpanContext(run);
  if (!parent) return;
  recordEngineSpan('queued', {
    parent,
    startTime: hrTime(task.queuedAt ?? task.createdAt),
    endTime: hrTime(endedAt),
    attributes: {
      ...attemptAttributes(run, task, step),
      ...(error !== undefined && { outcome: 'timed_out' as const }),
    },
    ...(error !== undefined && { error, ...errorType('timed_out') }),
  });
}

/** Records an attempt as the engine saw it. */
export function recordAttempt(
  run: RunRow,
  task: TaskRow,
  step: Step | undefined,
  end: { at: EpochMs; outcome: Outcome; error?: string },
): void {
  const parent = runSpanContext(run);
  if (!parent) return;
  const failed = end.outcome === 'failed' || end.outcome === 'timed_out';
  recordEngineSpan('start_step_run', {
    parent,
    startTime: hrTime(task.startedAt ?? task.assignedAt ?? end.at),
    endTime: hrTime(end.at),
    attributes: { ...attemptAttributes(run, task, step), outcome: end.outcome },
    ...(failed ? { error: errorMessage(end.error ?? ''), ...errorType(end.outcome) } : {}),
  });
}

/** Records a run from its creation to its end; it is the root of its trace if the engine started that. */
export function recordRun(run: RunRow, end: { at: EpochMs; outcome: Outcome; error?: string }): void {
  const context = runSpanContext(run);
  if (!context) return;
  // A replay is a second span below the root of the first.
  const ids =
    run.rootSpanId !== null && run.replayedAt === null
      ? { own: { traceId: context.traceId, spanId: run.rootSpanId, traceFlags: TraceFlags.SAMPLED } }
      : { parent: context };
  recordEngineSpan('workflow_run', {
    ...ids,
    startTime: hrTime(run.replayedAt ?? run.createdAt),
    endTime: hrTime(end.at),
    ...linkOf(run),
    attributes: { ...runAttributes(run), outcome: end.outcome },
    ...(end.error === undefined ? {} : { error: end.error }),
  });
}

/** Records an event that started runs, from its arrival until they were stored. */
export function recordEvent(
  event: { id: string; key: string; tenantId: string; scope?: string },
  parent: SpanContext | undefined,
  startTime: EpochMs,
  endTime: EpochMs,
): void {
  if (!parent) return;
  recordEngineSpan('event', {
    parent,
    startTime: hrTime(startTime),
    endTime: hrTime(endTime),
    attributes: { tenant_id: event.tenantId, event_id: event.id, event_key: event.key, scope: event.scope },
  });
}

/** Links a firing that has a trace of its own to the creation of its schedule or cron. */
function linkOf({ linkTraceparent }: RunRow): { links?: SpanContext[] } {
  const created = readCarrier({ [TRACEPARENT]: linkTraceparent });
  return created ? { links: [created] } : {};
}

function runAttributes(run: RunRow): EngineAttributes {
  return {
    tenant_id: run.tenantId,
    workflow_run_id: run.id,
    workflow_id: run.workflowId,
    workflow_version_id: run.versionId,
    workflow_name: run.workflowName,
    priority: run.priority,
    parent_workflow_run_id: run.parentRunId,
    child_workflow_index: run.childIndex,
    child_workflow_key: run.childKey,
    triggering_event_external_id: run.eventId,
    triggering_event_key: run.eventKey,
  };
}

function attemptAttributes(run: RunRow, task: TaskRow, step: Step | undefined): EngineAttributes {
  return {
    ...runAttributes(run),
    worker_id: task.workerId,
    step_id: step?.id,
    step_name: task.name,
    step_run_id: task.id,
    action_name: task.action,
    retry_count: task.retryCount,
    durable_invocation_count: task.invocationCount,
  };
}

function errorType(outcome: Outcome): { errorType?: string } {
  return outcome === 'timed_out' ? { errorType: 'timeout' } : {};
}

function hrTime(at: EpochMs): HrTime {
  const seconds = Math.floor(at / 1_000);
  return [seconds, Math.round((at - seconds * 1_000) * 1e6)];
}
