import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs } from './columns.ts';
import type { Backlog, QueuedTask } from './queue.ts';
import { CONTEXT_COLUMNS } from './rows.ts';

/** Batch tasks of one kind that wait, whatever worker they want. */
export type BatchBacklog = Omit<Backlog, 'affinity'>;

/** A task that waits to be gathered into a batch. */
export interface BatchableTask extends QueuedTask {
  /** Those with the same key may run together. */
  batchKey: string;
  queuedAt: EpochMs;
  /** Of its input, as JSON in UTF-8. */
  bytes: number;
}

/** The kinds of batch task that wait; asked once, at the engine's start. */
export async function listBatchBacklogs(db: Queryable): Promise<BatchBacklog[]> {
  const { rows } = await db.query<BatchBacklog>(
    `SELECT DISTINCT tenant_id AS "tenantId", action FROM task WHERE status = 'QUEUED' AND batch_key IS NOT NULL`,
  );
  return rows;
}

/** The first batch tasks that wait, at most `limit` of a kind, in the order in which they should be served. */
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
  ${epochMs('t.queued_at')} AS "queuedAt", r.workflow_version_id AS "versionId", octet_length(r.input) AS bytes,
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
