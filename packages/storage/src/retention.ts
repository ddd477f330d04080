import type { Queryable } from './database/transaction.ts';

/** Kinds of row that retention deletes. */
export type RetentionKind = 'run' | 'event' | 'span' | 'log line' | 'schedule' | 'worker';

/**
 * Deletes one batch of each kind: at most `$2` of the oldest rows from before `$1`. Each statement walks an index from
 * its old end, so its cost does not depend on the table's size (workers are few and have no index). The ids of runs and
 * events are in time order, so `$3`, the id of that moment, bounds them. A run that a replay has restarted meanwhile is
 * kept.
 */
export const STATEMENTS: Record<RetentionKind, string> = {
  run: `DELETE FROM run WHERE finished_at < $1 AND id = ANY (ARRAY(
    SELECT id FROM run WHERE id < $3 AND finished_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))`,
  event: `DELETE FROM event WHERE id = ANY (ARRAY(
    SELECT id FROM event WHERE id < $3 AND created_at < $1 ORDER BY id LIMIT $2))`,
  span: `DELETE FROM span WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM span WHERE received_at < $1 ORDER BY received_at LIMIT $2))`,
  'log line': `DELETE FROM log_line WHERE id = ANY (ARRAY(
    SELECT id FROM log_line WHERE created_at < $1 ORDER BY created_at LIMIT $2))`,
  schedule: `DELETE FROM schedule WHERE id = ANY (ARRAY(
    SELECT id FROM schedule WHERE fired_at < $1 ORDER BY fired_at LIMIT $2))`,
  worker: `DELETE FROM worker WHERE id = ANY (ARRAY(
    SELECT id FROM worker WHERE last_heartbeat_at < $1
      AND NOT EXISTS (SELECT FROM task WHERE worker_id = worker.id AND status = 'RUNNING') LIMIT $2))`,
};

/**
 * Deletes at most `most` rows of one kind from before `before`: finished runs with their tasks, events, spans, log lines,
 * fired schedules, or lost workers.
 *
 * @returns the number of deleted rows. If it is less than `most`, no old rows are left.
 */
export async function prune(db: Queryable, kind: RetentionKind, before: Date, most: number): Promise<number> {
  const bounds = STATEMENTS[kind].includes('$3') ? [firstIdOf(before)] : [];
  const { rowCount } = await db.query(STATEMENTS[kind], [before, most, ...bounds]);
  return rowCount ?? 0;
}

/** Builds the smallest UUIDv7 of a moment (RFC 9562, 5.7: milliseconds in the first 48 bits). */
export function firstIdOf(moment: Date): string {
  const milliseconds = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-000000000000`;
}
