import { type EpochMs, epochMs } from '../sql/epoch-ms.ts';

/** Status of a run. */
export type RunStatus = 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
/** Status of a task. */
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

/** Trace context of a run: the parent of its spans. */
export interface RunContextColumns {
  traceparent: string | null;
  tracestate: string | null;
  /** Span id of the run's `workflow_run` span, if the engine started the trace. */
  rootSpanId: string | null;
}

/** A run, with the columns that the state machine and the spans need. */
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
  /** Context in which the run's schedule or cron was created, if its firing started a new trace. */
  linkTraceparent: string | null;
  createdAt: EpochMs;
  /** Time of the last replay. */
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
  /** Worker labels that the task requires or prefers, as canonical JSON. Empty: none. */
  affinity: string;
  status: TaskStatus;
  /** Number of the attempt, from 0. */
  retryCount: number;
  /** Number of the first attempt since the last replay. */
  firstAttempt: number;
  /** Failed attempts since the last replay, without those whose worker was lost. */
  retriesUsed: number;
  workerId: string | null;
  createdAt: EpochMs;
  /** Time from which this attempt could run. */
  queuedAt: EpochMs | null;
  assignedAt: EpochMs | null;
  startedAt: EpochMs | null;
  finishedAt: EpochMs | null;
  /**
   * The task's timer. RUNNING: its timeout, or before STARTED the deadline for that report; QUEUED: its schedule timeout;
   * BACKOFF: its retry.
   */
  dueAt: EpochMs | null;
  /** Number of times that a durable task was assigned to a worker. Null for other tasks. */
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
