import type { Queryable } from '../database/transaction.ts';
import { CONTEXT_COLUMNS, type RunContextColumns } from '../runs/rows.ts';
import type { EntryRef } from './log-entries.ts';

/** Events of one tenant with the same key. */
export interface EventKey {
  tenantId: string;
  key: string;
}

/** Lists the events that durable tasks wait for; the engine calls it at its start. */
export async function awaitedEvents(db: Queryable): Promise<EventKey[]> {
  const { rows } = await db.query<EventKey>(
    `SELECT DISTINCT tenant_id AS "tenantId", event_key AS key FROM durable_condition
     WHERE data IS NULL AND event_key IS NOT NULL`,
  );
  return rows;
}

/** Returns those of these events that no durable task waits for. */
export async function unawaitedEvents(db: Queryable, events: readonly EventKey[]): Promise<EventKey[]> {
  const { rows } = await db.query<EventKey>(
    {
      name: 'unawaited-events',
      text: `SELECT x.tenant_id AS "tenantId", x.key FROM unnest($1::uuid[], $2::text[]) AS x (tenant_id, key)
        WHERE NOT EXISTS (SELECT FROM durable_condition c
          WHERE c.data IS NULL AND c.event_key = x.key AND c.tenant_id = x.tenant_id)`,
    },
    [events.map(({ tenantId }) => tenantId), events.map(({ key }) => key)],
  );
  return rows;
}

/** Lists the runs that durable tasks wait for, and if they have ended; the engine calls it at its start. */
export async function awaitedRuns(db: Queryable): Promise<{ runId: string; ended: boolean }[]> {
  const { rows } = await db.query<{ runId: string; ended: boolean }>(
    `SELECT DISTINCT e.child_run_id AS "runId", coalesce(r.finished_at IS NOT NULL, false) AS ended
     FROM durable_entry e LEFT JOIN run r ON r.id = e.child_run_id
     WHERE e.child_run_id IS NOT NULL AND e.satisfied_order IS NULL`,
  );
  return rows;
}

/** A node that waits for a run. The context belongs to the waiting run. */
export interface AwaitedRun extends EntryRef, RunContextColumns {
  childRunId: string;
}

/** Finds the nodes that wait for these runs. */
export async function nodesOfRuns(db: Queryable, runIds: readonly string[]): Promise<AwaitedRun[]> {
  const { rows } = await db.query<AwaitedRun>(
    {
      name: 'nodes-of-runs',
      text: `SELECT e.task_id AS "taskId", e.node_id AS "nodeId", e.child_run_id AS "childRunId", ${CONTEXT_COLUMNS}
        FROM durable_entry e JOIN task t ON t.id = e.task_id JOIN run r ON r.id = t.run_id
        WHERE e.child_run_id = ANY ($1::uuid[]) AND e.satisfied_order IS NULL`,
    },
    [runIds],
  );
  return rows;
}
