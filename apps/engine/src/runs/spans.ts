import { readCarrier, TRACEPARENT } from '@hatchet-ts/sdk-otel/propagation';
import {
  type EngineAttributes,
  type EngineSpanName,
  type EngineSpanOptions,
  isRecordedTrace,
  recordEngineSpan,
} from '@hatchet-ts/server-otel';
import type { EpochMs, RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { type HrTime, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { runSpanContext } from './context.ts';
import { errorMessage } from './error-message.ts';
import type { Outcome } from './state.ts';

/** End of an attempt, or of its wait: without an outcome it was sent to a worker. */
interface AttemptEnd {
  at: EpochMs;
  outcome?: Outcome;
  error?: string;
}

/** Span `hatchet.engine.<name>` of a run, with its times as `[seconds, nanoseconds]`. */
export type RunSpan = EngineSpanOptions & { name: EngineSpanName; startTime: HrTime; endTime: HrTime };

/**
 * Records the engine's spans of runs. They are exported if this process exports its spans of the trace; if not, they go to
 * the store, unless the caller sampled the trace out.
 */
export class RunSpans {
  readonly #store: { add(span: RunSpan): void };

  constructor(store: { add(span: RunSpan): void }) {
    this.#store = store;
  }

  /** Records the wait of an attempt, from the moment that it could run until it was sent to a worker or given up. */
  recordQueued(run: RunRow, task: TaskRow, step: Step | undefined, end: AttemptEnd): void {
    const parent = runSpanContext(run);
    if (!parent) return;
    this.#record('queued', {
      parent,
      startTime: hrTime(task.queuedAt ?? task.createdAt),
      endTime: hrTime(end.at),
      attributes: { ...attemptAttributes(run, task, step), outcome: end.outcome },
      ...failure(end),
    });
  }

  /** Records an attempt as the engine saw it. */
  recordAttempt(run: RunRow, task: TaskRow, step: Step | undefined, end: AttemptEnd): void {
    const parent = runSpanContext(run);
    if (!parent) return;
    this.#record('start_step_run', {
      parent,
      startTime: hrTime(task.startedAt ?? task.assignedAt ?? end.at),
      endTime: hrTime(end.at),
      attributes: { ...attemptAttributes(run, task, step), outcome: end.outcome },
      ...failure(end),
    });
  }

  /** Records a run from its creation to its end; it is the root of its trace if the engine started that. */
  recordRun(run: RunRow, end: { at: EpochMs; outcome: Outcome; error?: string }): void {
    const context = runSpanContext(run);
    if (!context) return;
    // A replay is a second span below the root of the first.
    const ids =
      run.rootSpanId !== null && run.replayedAt === null
        ? { own: { traceId: context.traceId, spanId: run.rootSpanId, traceFlags: TraceFlags.SAMPLED } }
        : { parent: context };
    this.#record('workflow_run', {
      ...ids,
      startTime: hrTime(run.replayedAt ?? run.createdAt),
      endTime: hrTime(end.at),
      ...linkOf(run),
      attributes: { ...runAttributes(run), outcome: end.outcome },
      ...(end.error === undefined ? {} : { error: end.error }),
    });
  }

  /** Records an event that started runs, from its arrival until they were stored. */
  recordEvent(
    event: { id: string; key: string; tenantId: string; scope?: string },
    parent: SpanContext | undefined,
    startTime: EpochMs,
    endTime: EpochMs,
  ): void {
    if (!parent) return;
    this.#record('event', {
      parent,
      startTime: hrTime(startTime),
      endTime: hrTime(endTime),
      attributes: { tenant_id: event.tenantId, event_id: event.id, event_key: event.key, scope: event.scope },
    });
  }

  #record(name: EngineSpanName, options: Omit<RunSpan, 'name'>): void {
    const context = options.own ?? options.parent;
    if (!context) return;
    if (isRecordedTrace(context.traceId)) recordEngineSpan(name, options);
    else if ((context.traceFlags & TraceFlags.SAMPLED) !== 0) this.#store.add({ ...options, name });
  }
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

function failure({ outcome, error = '' }: AttemptEnd): { error?: string; errorType?: string } {
  if (outcome === 'timed_out') return { error: errorMessage(error), errorType: 'timeout' };
  return outcome === 'failed' ? { error: errorMessage(error) } : {};
}

function hrTime(at: EpochMs): HrTime {
  const seconds = Math.floor(at / 1_000);
  return [seconds, Math.round((at - seconds * 1_000) * 1e6)];
}
