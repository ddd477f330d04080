import type { Queryable } from '../database/transaction.ts';

/** What retention deletes. */
export type Perishable = 'run' | 'event' | 'span' | 'log line' | 'schedule' | 'worker';

/**
 * One batch of each kind: the oldest rows from before `$1`, at most `$2`. Each walks an index from its old end, so that
 * it costs the same however much there is (workers, of which there are few, have none). Runs and events have ids in the
 * order of time, so `$3`, the id of that moment, bounds them. A run that a replay has begun anew meanwhile stays.
 */
export const STATEMENTS: Record<Perishable, string> = {
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
 * Deletes at most `most` of what is older than `before`: finished runs with all that is theirs, events, spans, log
 * lines, schedules that have fired, workers that are gone.
 *
 * @returns how many; fewer than `most`: that was all.
 */
export async function prune(db: Queryable, what: Perishable, before: Date, most: number): Promise<number> {
  const bounds = STATEMENTS[what].includes('$3') ? [firstIdOf(before)] : [];
  const { rowCount } = await db.query(STATEMENTS[what], [before, most, ...bounds]);
  return rowCount ?? 0;
}

/** The smallest UUID of version 7 of a moment (RFC 9562, 5.7: milliseconds in the first 48 bits). */
export function firstIdOf(moment: Date): string {
  const milliseconds = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-000000000000`;
}
