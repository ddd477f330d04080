import type { Queryable } from '../database/transaction.ts';

/** A worker with its status. */
export interface WorkerView {
  id: string;
  name: string;
  status: 'ACTIVE' | 'INACTIVE' | 'PAUSED';
  actions: string[];
  /** Number of slots, by kind. */
  slots: Record<string, number>;
  labels: Record<string, string | number>;
  registeredAt: Date;
  lastHeartbeatAt: Date;
}

/** Age of the last heartbeat at which a worker counts as lost. Heartbeats arrive every four seconds. */
const LOST_AFTER = `interval '30 seconds'`;

const COLUMNS = `id, name, actions, slots, labels, registered_at AS "registeredAt",
  last_heartbeat_at AS "lastHeartbeatAt",
  CASE WHEN paused THEN 'PAUSED'
       WHEN unsubscribed_at IS NULL AND last_heartbeat_at > now() - ${LOST_AFTER} THEN 'ACTIVE'
       ELSE 'INACTIVE' END AS status`;

export async function listWorkers(db: Queryable, tenantId: string): Promise<WorkerView[]> {
  const { rows } = await db.query<WorkerView>(
    `SELECT ${COLUMNS} FROM worker WHERE tenant_id = $1 ORDER BY registered_at DESC, id`,
    [tenantId],
  );
  return rows;
}

export async function viewWorker(db: Queryable, tenantId: string, workerId: string): Promise<WorkerView | undefined> {
  const { rows } = await db.query<WorkerView>(`SELECT ${COLUMNS} FROM worker WHERE tenant_id = $1 AND id = $2`, [
    tenantId,
    workerId,
  ]);
  return rows[0];
}

/** Pauses or resumes a worker; a notification reaches the engine. Returns undefined if the worker does not exist. */
export async function setWorkerPaused(
  db: Queryable,
  tenantId: string,
  workerId: string,
  paused: boolean,
): Promise<WorkerView | undefined> {
  const { rows } = await db.query<WorkerView>(
    `UPDATE worker SET paused = $3 WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [tenantId, workerId, paused],
  );
  return rows[0];
}
