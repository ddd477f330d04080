import { type EpochMs, epochMs } from './columns.ts';

export type RunStatus = 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
export type TaskStatus =
  | 'WAITING'
  | 'QUEUED'
  | 'BACKOFF'
  | 'RUNNING'
  | 'EVICTED'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELLED'
  | 'SKIPPED';

/** The context of a run: what the spans of its work have as their parent. */
export interface RunContextColumns {
  traceparent: string | null;
  tracestate: string | null;
  /** Where the engine began the trace: the span id that the run's `workflow_run` span takes. */
  rootSpanId: string | null;
}

/** A run, as the state machine and its spans need it. */
export interface RunRow extends RunContextColumns {
  id: string;
  tenantId: string;
  workflowId: string;
  versionId: string;
  workflowName: string;
  status: RunStatus;
  priority: number;
  parentRunId: string | null;
  childIndex: number | null;
  childKey: string | null;
  eventId: string | null;
  eventKey: string | null;
  /** Of a firing with a trace of its own: the context in which its schedule or cron was created. */
  linkTraceparent: string | null;
  createdAt: EpochMs;
  /** When it was last put back to its beginning. */
  replayedAt: EpochMs | null;
  finishedAt: EpochMs | null;
}

/** A task in its current attempt. */
export interface TaskRow {
  id: string;
  runId: string;
  tenantId: string;
  /** Position among the steps of the version's definition. */
  step: number;
  name: string;
  action: string;
  /** The labels that it wants of a worker, as canonical JSON; empty for none. */
  affinity: string;
  status: TaskStatus;
  /** Number of the attempt, from 0. */
  retryCount: number;
  /** Number of its first attempt since it was last replayed. */
  firstAttempt: number;
  /** Attempts since then that failed by themselves, as opposed to those whose worker was lost. */
  retriesUsed: number;
  workerId: string | null;
  createdAt: EpochMs;
  /** The moment that this attempt could run. */
  queuedAt: EpochMs | null;
  assignedAt: EpochMs | null;
  startedAt: EpochMs | null;
  finishedAt: EpochMs | null;
  /** RUNNING: its timeout, or before STARTED how long that may take; QUEUED: its schedule timeout; BACKOFF: its retry. */
  dueAt: EpochMs | null;
  /** Of a durable task: how often it was given to a worker; null for others. */
  invocationCount: number | null;
}

/** Columns of {@link RunContextColumns} from `run r`. */
export const CONTEXT_COLUMNS = 'r.traceparent, r.tracestate, r.root_span_id AS "rootSpanId"';

/** Columns of {@link RunRow} from `run r`. */
export const RUN_COLUMNS = `r.id, r.tenant_id AS "tenantId", r.workflow_id AS "workflowId",
  r.workflow_version_id AS "versionId", r.workflow_name AS "workflowName", r.status, r.priority,
  r.parent_run_id AS "parentRunId", r.child_index AS "childIndex", r.child_key AS "childKey",
  r.event_id AS "eventId", r.event_key AS "eventKey",
  r.link_traceparent AS "linkTraceparent", ${epochMs('r.created_at')} AS "createdAt",
  ${epochMs('r.replayed_at')} AS "replayedAt", ${epochMs('r.finished_at')} AS "finishedAt", ${CONTEXT_COLUMNS}`;

/** Columns of {@link TaskRow} from `task t`. */
export const TASK_COLUMNS = `t.id, t.run_id AS "runId", t.tenant_id AS "tenantId", t.step, t.name, t.action,
  t.affinity, t.status, t.first_attempt AS "firstAttempt",
  t.retry_count AS "retryCount", t.retries_used AS "retriesUsed", t.worker_id AS "workerId",
  ${epochMs('t.created_at')} AS "createdAt", ${epochMs('t.queued_at')} AS "queuedAt",
  ${epochMs('t.assigned_at')} AS "assignedAt", ${epochMs('t.started_at')} AS "startedAt",
  ${epochMs('t.finished_at')} AS "finishedAt", ${epochMs('t.due_at')} AS "dueAt",
  t.invocation_count AS "invocationCount"`;
