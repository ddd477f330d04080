import type { Queryable } from '../database/transaction.ts';

/** What waits for a worker, of one tenant. */
export interface QueueDepth {
  tenantId: string;
  tasks: number;
  /** Seconds that the one has waited which has waited longest. */
  oldestSeconds: number;
}

/** The tenants that have something queued; the others have no row. */
export async function queueDepths(db: Queryable): Promise<QueueDepth[]> {
  const { rows } = await db.query<QueueDepth>(
    `SELECT tenant_id AS "tenantId", count(*)::int AS tasks,
       greatest(extract(epoch FROM now() - min(queued_at)), 0)::float8 AS "oldestSeconds"
     FROM task WHERE status = 'QUEUED' GROUP BY tenant_id ORDER BY tenant_id`,
  );
  return rows;
}
