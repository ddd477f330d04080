import type { Queryable } from '../database/transaction.ts';

export interface WorkerView {
  id: string;
  name: string;
  status: 'ACTIVE' | 'INACTIVE' | 'PAUSED';
  actions: string[];
  /** How much it takes at a time, by kind of slot. */
  slots: Record<string, number>;
  labels: Record<string, string | number>;
  registeredAt: Date;
  lastHeartbeatAt: Date;
}

/** A worker that was not heard of for so long is gone; heartbeats come every four seconds. */
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

/** Pauses a worker or lets it go on; the engine hears of it by a notification. Undefined when there is no such worker. */
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
