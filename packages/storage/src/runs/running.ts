import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from './columns.ts';

/**
 * Gives an attempt that a worker has more time. Its own word that it began may still be on its way: it counts as begun.
 *
 * @returns when it will have run out of time; undefined when no worker has the task.
 */
export async function extendTimeout(
  db: Queryable,
  { tenantId, taskId, byMs }: { tenantId: string; taskId: string; byMs: number },
  at: EpochMs,
): Promise<EpochMs | undefined> {
  const { rows } = await db.query<{ dueAt: EpochMs }>(EXTEND, [taskId, tenantId, byMs, at]);
  return rows[0]?.dueAt;
}

const EXTEND = {
  name: 'extend-timeout',
  text: `
UPDATE task t SET started_at = coalesce(t.started_at, ${timestamp('$4')}),
  due_at = CASE WHEN t.started_at IS NULL THEN ${timestamp('($4::float8 + t.timeout_ms)')} ELSE t.due_at END
    + $3::float8 * interval '1 millisecond'
WHERE t.id = $1 AND t.tenant_id = $2 AND t.status = 'RUNNING'
RETURNING ${epochMs('t.due_at')} AS "dueAt"`,
};

/**
 * Notes that an attempt goes on without its slots.
 *
 * @returns which attempt; undefined when no worker has the task.
 */
export async function releaseSlots(
  db: Queryable,
  { tenantId, taskId }: { tenantId: string; taskId: string },
): Promise<{ retryCount: number } | undefined> {
  const { rows } = await db.query<{ retryCount: number }>(
    {
      name: 'release-slots',
      text: `UPDATE task SET slots_released = true WHERE id = $1 AND tenant_id = $2 AND status = 'RUNNING'
        RETURNING retry_count AS "retryCount"`,
    },
    [taskId, tenantId],
  );
  return rows[0];
}
