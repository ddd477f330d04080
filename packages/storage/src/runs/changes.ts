import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';
import { RUN_COLUMNS, type RunRow, type RunStatus, TASK_COLUMNS, type TaskRow, type TaskStatus } from './rows.ts';

/**
 * New state of a task. An undefined `seenAnswers` leaves the column unchanged. So does an undefined `output` or `error`,
 * unless the task is replayed.
 */
export interface TaskChange extends TaskRow {
  output?: string;
  error?: string;
  /** Reason of a task's end that its status does not tell. */
  endReason?: EndReason;
  /** Status before a replay reset the task. */
  replayedFrom?: TaskStatus;
  /** Number of answers that an evicted durable task's invocation has received. */
  seenAnswers?: number;
}

/** Reason why a task or an attempt ended: its timeout, no worker within its schedule timeout, or the loss of its worker. */
export type EndReason = 'timed_out' | 'not_scheduled' | 'worker_lost';

/** New state of a run. */
export interface RunChange {
  id: string;
  status: RunStatus;
  finishedAt: EpochMs | null;
  /** Undefined: unchanged. */
  replayedAt?: EpochMs;
}

/** Reads runs with all their tasks, and locks them against other changes of state until the transaction ends. */
export async function lockRuns(
  transaction: Queryable,
  runIds: readonly string[],
): Promise<{ runs: RunRow[]; tasks: TaskRow[] }> {
  const runs = await transaction.query<RunRow>(LOCK_RUNS, [runIds]);
  const tasks = await transaction.query<TaskRow>(LOCK_TASKS, [runIds]);
  return { runs: runs.rows, tasks: tasks.rows };
}

const LOCK_RUNS = {
  name: 'lock-runs',
  text: `SELECT ${RUN_COLUMNS} FROM run r WHERE r.id = ANY ($1::uuid[]) ORDER BY r.id FOR NO KEY UPDATE`,
};
const LOCK_TASKS = {
  name: 'lock-tasks',
  text: `SELECT ${TASK_COLUMNS} FROM task t WHERE t.run_id = ANY ($1::uuid[]) ORDER BY t.id FOR NO KEY UPDATE`,
};

/** Stores the new states of locked runs and tasks, in one statement. */
export async function saveChanges(
  transaction: Queryable,
  tasks: readonly TaskChange[],
  runs: readonly RunChange[],
): Promise<void> {
  await transaction.query(SAVE, [
    JSON.stringify(tasks.map(taskColumns)),
    JSON.stringify(runs.map(runColumns)),
    tasks.map(({ id }) => id),
    runs.map(({ id }) => id),
  ]);
}

// The ids are repeated as arrays: the planner estimates 100 rows for a set from JSON, and would scan the table.
const SAVE = {
  name: 'save-changes',
  text: `
WITH runs AS (
  UPDATE run r SET status = x.status, finished_at = ${timestamp('x.finished_at')},
    replayed_at = coalesce(${timestamp('x.replayed_at')}, r.replayed_at)
  FROM json_to_recordset($2) AS x (id uuid, status text, finished_at float8, replayed_at float8)
  WHERE r.id = x.id AND r.id = ANY ($4::uuid[])
)
UPDATE task t SET status = x.status, retry_count = x.retry_count, retries_used = x.retries_used,
  first_attempt = x.first_attempt, worker_id = x.worker_id,
  queued_at = ${timestamp('x.queued_at')}, assigned_at = ${timestamp('x.assigned_at')},
  started_at = ${timestamp('x.started_at')}, finished_at = ${timestamp('x.finished_at')},
  due_at = ${timestamp('x.due_at')}, output = coalesce(x.output, CASE WHEN x.replayed IS NULL THEN t.output END),
  error = coalesce(x.error, CASE WHEN x.replayed IS NULL THEN t.error END),
  durable_seen = coalesce(x.seen, t.durable_seen), end_reason = x.end_reason
FROM json_to_recordset($1) AS x (id uuid, status text, retry_count integer, retries_used integer,
  first_attempt integer, replayed boolean, worker_id uuid, queued_at float8, assigned_at float8, started_at float8,
  finished_at float8, due_at float8, output text, error text, seen integer, end_reason text)
WHERE t.id = x.id AND t.id = ANY ($3::uuid[])`,
};

function taskColumns(task: TaskChange): Record<string, unknown> {
  return {
    id: task.id,
    status: task.status,
    retry_count: task.retryCount,
    retries_used: task.retriesUsed,
    first_attempt: task.firstAttempt,
    replayed: task.replayedFrom && true,
    worker_id: task.workerId,
    queued_at: task.queuedAt,
    assigned_at: task.assignedAt,
    started_at: task.startedAt,
    finished_at: task.finishedAt,
    due_at: task.dueAt,
    output: task.output,
    error: task.error,
    seen: task.seenAnswers,
    end_reason: task.endReason,
  };
}

function runColumns({ id, status, finishedAt, replayedAt }: RunChange): Record<string, unknown> {
  return { id, status, finished_at: finishedAt, replayed_at: replayedAt };
}
