import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';
import type { EndReason } from './changes.ts';

/** An attempt that a later one follows. */
export interface EarlierAttempt {
  taskId: string;
  /** Error and reason of the end of a running attempt. Those of a finished task are already stored. */
  error?: string;
  endReason?: EndReason;
}

/** Keeps attempts as they are in the tasks' rows, before these change to the next attempt. */
export async function keepAttempts(
  transaction: Queryable,
  attempts: readonly EarlierAttempt[],
  at: EpochMs,
): Promise<void> {
  await transaction.query(KEEP, [
    attempts.map(({ taskId }) => taskId),
    attempts.map(({ error }) => error),
    attempts.map(({ endReason }) => endReason),
    at,
  ]);
}

const KEEP = {
  name: 'keep-attempts',
  text: `
INSERT INTO task_attempt (task_id, retry_count, status, end_reason, replayed, worker_id, queued_at, assigned_at,
  started_at, finished_at, error)
SELECT t.id, t.retry_count, CASE WHEN t.finished_at IS NULL THEN 'FAILED' ELSE t.status END,
  coalesce(x.end_reason, t.end_reason), t.finished_at IS NOT NULL, t.worker_id, t.queued_at, t.assigned_at, t.started_at,
  coalesce(t.finished_at, ${timestamp('$4')}), coalesce(x.error, CASE WHEN t.finished_at IS NOT NULL THEN t.error END)
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS x (id, error, end_reason)
JOIN task t ON t.id = x.id AND t.id = ANY ($1::uuid[])
ON CONFLICT (task_id, retry_count) DO NOTHING`,
};
