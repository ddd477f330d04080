import type { Queryable } from '../database/transaction.ts';
import { CONTEXT_COLUMNS, type RunContextColumns } from '../runs/rows.ts';
import { type EpochMs, epochMs, timestamp } from '../sql/epoch-ms.ts';
import type { EntryRef } from './log-entries.ts';

/** Condition of a wait: a time or an event. */
export interface Condition extends EntryRef {
  position: number;
  tenantId: string;
  /** A wait is satisfied when one condition of each group is fulfilled. */
  orGroup: string;
  /** Key of its data in the wait's payload. */
  dataKey: string;
  sleep?: { until: EpochMs; text: string };
  /** Earlier events than `since` do not count. `scope` unset: any. */
  event?: { key: string; scope?: string; since: EpochMs };
}

/** A fulfilled condition, with its data as JSON text. */
export interface Match extends EntryRef, RunContextColumns {
  position: number;
  data: string;
}

export async function insertConditions(transaction: Queryable, conditions: readonly Condition[]): Promise<void> {
  await transaction.query(INSERT, [JSON.stringify(conditions.map(columns))]);
}

const INSERT = {
  name: 'insert-conditions',
  text: `
INSERT INTO durable_condition (task_id, node_id, position, or_group, data_key, sleep_until, sleep_for, tenant_id,
  event_key, event_scope, events_since)
SELECT task_id, node_id, position, or_group, data_key, ${timestamp('sleep_until')}, sleep_for, tenant_id, event_key,
  event_scope, ${timestamp('events_since')}
FROM json_to_recordset($1) AS x (task_id uuid, node_id integer, position integer, or_group text, data_key text,
  sleep_until float8, sleep_for text, tenant_id uuid, event_key text, event_scope text, events_since float8)`,
};

function columns(condition: Condition): Record<string, unknown> {
  const { taskId, nodeId, position, tenantId, orGroup, dataKey, sleep, event } = condition;
  return {
    task_id: taskId,
    node_id: nodeId,
    position,
    tenant_id: tenantId,
    or_group: orGroup,
    data_key: dataKey,
    sleep_until: sleep?.until,
    sleep_for: sleep?.text,
    event_key: event?.key,
    event_scope: event?.scope,
    events_since: event?.since,
  };
}

const MATCH = `c.task_id AS "taskId", c.node_id AS "nodeId", c.position, ${CONTEXT_COLUMNS}`;
const RUN = 'JOIN task t ON t.id = c.task_id JOIN run r ON r.id = t.run_id';

/** Lists the sleeps that end by `at`, the longest overdue first. */
export async function dueSleeps(db: Queryable, at: EpochMs, limit: number): Promise<Match[]> {
  const { rows } = await db.query<Match>(
    {
      name: 'due-sleeps',
      text: `SELECT ${MATCH}, json_build_object('sleep_duration', c.sleep_for)::text AS data FROM (
          SELECT * FROM durable_condition
          WHERE data IS NULL AND sleep_until <= ${timestamp('$1')} ORDER BY sleep_until LIMIT $2
        ) c ${RUN}`,
    },
    [at, limit],
  );
  return rows;
}

/** Reads the time at which the next sleep ends. */
export async function nextSleepAt(db: Queryable): Promise<EpochMs | null> {
  const { rows } = await db.query<{ at: EpochMs | null }>({
    name: 'next-sleep',
    text: `SELECT ${epochMs('min(sleep_until)')} AS at FROM durable_condition WHERE data IS NULL`,
  });
  return rows[0]?.at ?? null;
}

/** Finds the conditions that these events fulfill, each with the first matching event. */
export async function matchesOfEvents(db: Queryable, eventIds: readonly string[]): Promise<Match[]> {
  const { rows } = await db.query<Match>(OF_EVENTS, [eventIds]);
  return rows;
}

const EVENT_FITS = `e.tenant_id = c.tenant_id AND e.key = c.event_key AND e.created_at >= c.events_since
  AND (c.event_scope IS NULL OR e.scope = c.event_scope)`;

const OF_EVENTS = {
  name: 'conditions-of-events',
  text: `SELECT DISTINCT ON (c.task_id, c.node_id, c.position) ${MATCH}, e.payload AS data
    FROM event e JOIN durable_condition c ON c.data IS NULL AND ${EVENT_FITS} ${RUN}
    WHERE e.id = ANY ($1::uuid[]) ORDER BY c.task_id, c.node_id, c.position, e.created_at, e.id`,
};

/**
 * Finds the conditions that stored events fulfill, each with the first matching event; the engine calls it at its start.
 */
export async function matchesOfStoredEvents(db: Queryable): Promise<Match[]> {
  const { rows } = await db.query<Match>(
    `SELECT ${MATCH}, e.payload AS data FROM durable_condition c ${RUN} ${FIRST_EVENT}
     WHERE c.data IS NULL AND c.event_key IS NOT NULL`,
  );
  return rows;
}

const FIRST_EVENT = `CROSS JOIN LATERAL (
  SELECT e.payload FROM event e WHERE ${EVENT_FITS} ORDER BY e.created_at, e.id LIMIT 1
) e`;

/** Finds those conditions of these nodes that stored events fulfill. */
export async function matchesOfNodes(db: Queryable, nodes: readonly EntryRef[]): Promise<Match[]> {
  const { rows } = await db.query<Match>(OF_NODES, [
    nodes.map(({ taskId }) => taskId),
    nodes.map(({ nodeId }) => nodeId),
  ]);
  return rows;
}

const OF_NODES = {
  name: 'conditions-of-nodes',
  text: `SELECT ${MATCH}, e.payload AS data
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::integer[]) AS x (task_id, node_id)) x
    JOIN durable_condition c ON c.task_id = x.task_id AND c.node_id = x.node_id ${RUN} ${FIRST_EVENT}
    WHERE c.data IS NULL AND c.event_key IS NOT NULL`,
};

/** A condition of an unsatisfied wait. `data` is set if the condition itself is fulfilled. */
export interface OpenCondition extends EntryRef {
  orGroup: string;
  dataKey: string;
  data: string | null;
}

/** Stores that conditions are fulfilled. Returns all conditions of the same waits. The caller has locked the tasks. */
export async function fulfillConditions(transaction: Queryable, matches: readonly Match[]): Promise<OpenCondition[]> {
  const values = [
    matches.map(({ taskId }) => taskId),
    matches.map(({ nodeId }) => nodeId),
    matches.map(({ position }) => position),
    matches.map(({ data }) => data),
  ];
  await transaction.query(FULFIL, values);
  const { rows } = await transaction.query<OpenCondition>(OPEN, values.slice(0, 2));
  return rows;
}

const FULFIL = {
  name: 'fulfil-conditions',
  text: `UPDATE durable_condition c SET data = x.data
    FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) AS x (task_id, node_id, position, data)
    WHERE c.task_id = x.task_id AND c.node_id = x.node_id AND c.position = x.position AND c.data IS NULL`,
};
const OPEN = {
  name: 'open-conditions',
  text: `SELECT c.task_id AS "taskId", c.node_id AS "nodeId", c.or_group AS "orGroup", c.data_key AS "dataKey", c.data
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::integer[]) AS x (task_id, node_id)) x
    JOIN durable_condition c ON c.task_id = x.task_id AND c.node_id = x.node_id
    ORDER BY c.task_id, c.node_id, c.position`,
};
