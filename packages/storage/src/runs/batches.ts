import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs } from '../sql/epoch-ms.ts';
import type { Backlog, QueuedTask } from './queue.ts';
import { CONTEXT_COLUMNS } from './rows.ts';

/** Queued batch tasks of one kind, whatever labels they require. */
export type BatchBacklog = Omit<Backlog, 'affinity'>;

/** A queued task to be collected into a batch. */
export interface BatchableTask extends QueuedTask {
  /** Tasks with the same key may share a batch. */
  batchKey: string;
  /** Set if the task has no usable key. */
  batchKeyError: string | null;
  queuedAt: EpochMs;
  /** Size of its input and of the outputs and errors of its run's other tasks, in UTF-8. */
  bytes: number;
}

/** Lists the kinds of queued batch tasks; the engine calls it once, at its start. */
export async function listBatchBacklogs(db: Queryable): Promise<BatchBacklog[]> {
  const { rows } = await db.query<BatchBacklog>(
    `SELECT DISTINCT tenant_id AS "tenantId", action FROM task WHERE status = 'QUEUED' AND batch_key IS NOT NULL`,
  );
  return rows;
}

/** Reads the first queued batch tasks, at most `limit` of each kind, in the order of priority and arrival. */
export async function pickBatchable(
  db: Queryable,
  wanted: readonly BatchBacklog[],
  limit: number,
): Promise<BatchableTask[]> {
  const { rows } = await db.query<BatchableTask>(PICK, [
    wanted.map(({ tenantId }) => tenantId),
    wanted.map(({ action }) => action),
    limit,
  ]);
  return rows;
}

const PICK = {
  name: 'pick-batchable',
  text: `
SELECT t.id, t.run_id AS "runId", t.tenant_id AS "tenantId", t.action, t.affinity, t.step, t.batch_key AS "batchKey",
  t.batch_key_error AS "batchKeyError",
  ${epochMs('t.queued_at')} AS "queuedAt", r.workflow_version_id AS "versionId", octet_length(r.input) + CASE WHEN t.id = t.run_id THEN 0 ELSE (
    SELECT coalesce(sum(coalesce(octet_length(o.output), 0) + coalesce(octet_length(o.error), 0)), 0)::integer
    FROM task o WHERE o.run_id = t.run_id
  ) END AS bytes,
  ${CONTEXT_COLUMNS}
FROM unnest($1::uuid[], $2::text[]) AS w (tenant_id, action)
CROSS JOIN LATERAL (
  SELECT * FROM task q
  WHERE q.status = 'QUEUED' AND q.batch_key IS NOT NULL AND q.tenant_id = w.tenant_id AND q.action = w.action
  ORDER BY q.priority DESC, q.seq
  LIMIT $3
) t
JOIN run r ON r.id = t.run_id
ORDER BY t.priority DESC, t.seq`,
};
