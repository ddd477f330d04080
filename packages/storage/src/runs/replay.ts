import type { Queryable } from '../database/transaction.ts';

/**
 * Sees to it that tasks that were put back to their beginning do not find what they did before: the children that failed
 * or were cancelled no longer stand in the way of new ones. Those that succeeded stay: they are not run again.
 */
export async function forgetFailedChildren(transaction: Queryable, taskIds: readonly string[]): Promise<void> {
  await transaction.query(
    `UPDATE run SET dedupe = dedupe || ' of ' || id
     WHERE parent_task_id = ANY ($1::uuid[]) AND dedupe IS NOT NULL AND status IN ('FAILED', 'CANCELLED')`,
    [taskIds],
  );
}
