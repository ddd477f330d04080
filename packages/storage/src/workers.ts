import type { Queryable } from './database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from './sql/epoch-ms.ts';

/** Labels that a worker registered. Tasks select workers by them. */
export type WorkerLabels = Record<string, string | number>;

/** A registered worker. */
export interface WorkerRow {
  id: string;
  tenantId: string;
  name: string;
  actions: string[];
  /** Number of slots, by kind. */
  slots: Record<string, number>;
  labels: WorkerLabels;
  paused: boolean;
  lastHeartbeatAt: EpochMs;
  unsubscribed: boolean;
}

/** A worker to register. */
export interface NewWorker extends Omit<WorkerRow, 'paused' | 'unsubscribed'> {
  runtime: Record<string, unknown>;
}

const WORKER_COLUMNS = `id, tenant_id AS "tenantId", name, actions, slots, labels, paused,
  ${epochMs('last_heartbeat_at')} AS "lastHeartbeatAt", unsubscribed_at IS NOT NULL AS unsubscribed`;

export async function insertWorker(db: Queryable, worker: NewWorker): Promise<void> {
  await db.query(
    `INSERT INTO worker (id, tenant_id, name, actions, slots, labels, runtime, registered_at, last_heartbeat_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, ${timestamp('$8')}, ${timestamp('$8')})`,
    [
      worker.id,
      worker.tenantId,
      worker.name,
      worker.actions,
      worker.slots,
      worker.labels,
      worker.runtime,
      worker.lastHeartbeatAt,
    ],
  );
}

/** Finds a worker by id, and by tenant if one is given. */
export async function findWorker(db: Queryable, id: string, tenantId?: string): Promise<WorkerRow | undefined> {
  const { rows } = await db.query<WorkerRow>(
    `SELECT ${WORKER_COLUMNS} FROM worker WHERE id = $1 AND tenant_id = coalesce($2, tenant_id)`,
    [id, tenantId],
  );
  return rows[0];
}

/** Lists the workers that have running tasks, or sent a heartbeat since `since`. */
export async function knownWorkers(db: Queryable, since: EpochMs): Promise<WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(
    `SELECT ${WORKER_COLUMNS} FROM worker
     WHERE last_heartbeat_at > ${timestamp('$1')}
       OR id IN (SELECT worker_id FROM task WHERE status = 'RUNNING')`,
    [since],
  );
  return rows;
}

export async function saveHeartbeat(db: Queryable, id: string, at: EpochMs): Promise<void> {
  await db.query(
    { name: 'save-heartbeat', text: `UPDATE worker SET last_heartbeat_at = ${timestamp('$2')} WHERE id = $1` },
    [id, at],
  );
}

/** Stores that a worker takes no more tasks, or with null that it takes tasks again. */
export async function saveUnsubscribed(db: Queryable, id: string, at: EpochMs | null): Promise<void> {
  await db.query(`UPDATE worker SET unsubscribed_at = ${timestamp('$2')} WHERE id = $1`, [id, at]);
}

/** Adds labels to a worker, or changes their values. */
export async function saveLabels(db: Queryable, id: string, labels: WorkerLabels): Promise<void> {
  await db.query('UPDATE worker SET labels = labels || $2 WHERE id = $1', [id, labels]);
}
