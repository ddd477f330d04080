import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../runs/columns.ts';
import { CONTEXT_COLUMNS, type RunContextColumns, type TaskStatus } from '../runs/rows.ts';

/** A wait, a value to remember, or a child run. */
export type EntryKind = 'WAIT' | 'MEMO' | 'RUN';

/** A durable task and how far it is in its log. */
export interface DurableTask extends RunContextColumns {
  taskId: string;
  runId: string;
  tenantId: string;
  status: TaskStatus;
  retryCount: number;
  /** Which of its invocations is the current one. */
  invocation: number;
  /** The last node that this invocation has asked for. */
  cursor: number;
  satisfiedCount: number;
}

/** A node of a durable task's log. */
export interface EntryRef {
  taskId: string;
  nodeId: number;
}

export interface Entry extends EntryRef {
  kind: EntryKind;
  /** Of what was asked for. */
  digest: string;
  /** The same for people. */
  label: string;
  childRunId: string | null;
}

/** What a node's answer is: JSON text, or why a child failed. */
export type Answer = { payload: string } | { error: string };

/** A node with its answer, if it has one. */
export interface StoredEntry extends Entry {
  satisfiedOrder: number | null;
  payload: string | null;
  error: string | null;
}

const TASK_COLUMNS = `SELECT t.id AS "taskId", t.run_id AS "runId", t.tenant_id AS "tenantId", t.status,
    t.retry_count AS "retryCount", t.invocation_count AS invocation, t.durable_cursor AS cursor,
    t.durable_satisfied AS "satisfiedCount", ${CONTEXT_COLUMNS}
  FROM task t JOIN run r ON r.id = t.run_id`;
const TASK = `${TASK_COLUMNS} WHERE t.id = ANY ($1::uuid[]) AND t.invocation_count IS NOT NULL`;

/** Durable tasks as they are now. */
export async function durableTasks(db: Queryable, taskIds: readonly string[]): Promise<DurableTask[]> {
  const { rows } = await db.query<DurableTask>({ name: 'durable-tasks', text: TASK }, [taskIds]);
  return rows;
}

/** The same, locked until the transaction ends: whoever changes a log has its task's lock. */
export async function lockDurableTasks(transaction: Queryable, taskIds: readonly string[]): Promise<DurableTask[]> {
  const { rows } = await transaction.query<DurableTask>(LOCK, [taskIds]);
  return rows;
}

const LOCK = { name: 'lock-durable-tasks', text: `${TASK} ORDER BY t.id FOR NO KEY UPDATE OF t` };

const STORED = `SELECT e.task_id AS "taskId", e.node_id AS "nodeId", e.kind, e.digest, e.label,
    e.child_run_id AS "childRunId", e.satisfied_order AS "satisfiedOrder", e.payload, e.error
  FROM durable_entry e`;

/** The nodes from `from` to `to` of a task's log, as far as there are any. */
export async function storedEntries(
  db: Queryable,
  { taskId, from, to }: { taskId: string; from: number; to: number },
): Promise<StoredEntry[]> {
  const { rows } = await db.query<StoredEntry>(RANGE, [taskId, from, to]);
  return rows;
}

const RANGE = {
  name: 'durable-entries',
  text: `${STORED} WHERE e.task_id = $1 AND e.node_id BETWEEN $2 AND $3 ORDER BY e.node_id`,
};

/** Adds nodes to logs, and notes how far the invocations have come. */
export async function appendEntries(
  transaction: Queryable,
  entries: readonly Entry[],
  cursors: readonly { taskId: string; cursor: number }[],
  at: EpochMs,
): Promise<void> {
  await transaction.query(APPEND, [
    JSON.stringify(entries),
    cursors.map(({ taskId }) => taskId),
    cursors.map(({ cursor }) => cursor),
    at,
  ]);
}

const APPEND = {
  name: 'append-durable-entries',
  text: `
WITH moved AS (
  UPDATE task t SET durable_cursor = c.node_id FROM unnest($2::uuid[], $3::integer[]) AS c (task_id, node_id)
  WHERE t.id = c.task_id AND t.id = ANY ($2::uuid[])
)
INSERT INTO durable_entry (task_id, node_id, kind, digest, label, child_run_id, created_at)
SELECT "taskId", "nodeId", kind, digest, label, "childRunId", ${timestamp('$4')}
FROM json_to_recordset($1) AS x ("taskId" uuid, "nodeId" integer, kind text, digest text, label text, "childRunId" uuid)`,
};

/**
 * Answers nodes of locked tasks, in order, and drops the conditions that they had. A node that has its answer keeps it.
 *
 * @returns the nodes that were answered now.
 */
export async function satisfyEntries(
  transaction: Queryable,
  answers: readonly (EntryRef & Answer)[],
  at: EpochMs,
): Promise<EntryRef[]> {
  const { rows } = await transaction.query<EntryRef>(SATISFY, [
    JSON.stringify(answers.map((answer, position) => ({ ...answer, position }))),
    [...new Set(answers.map(({ taskId }) => taskId))],
    at,
  ]);
  return rows;
}

const SATISFY = {
  name: 'satisfy-durable-entries',
  text: `
WITH given AS (
  SELECT x.*, t.durable_satisfied + row_number() OVER (PARTITION BY x."taskId" ORDER BY x.position) AS place
  FROM json_to_recordset($1) AS x ("taskId" uuid, "nodeId" integer, payload text, error text, position integer)
  JOIN durable_entry e ON e.task_id = x."taskId" AND e.node_id = x."nodeId" AND e.satisfied_order IS NULL
  JOIN task t ON t.id = x."taskId"
  WHERE e.task_id = ANY ($2::uuid[]) AND t.id = ANY ($2::uuid[])
), counted AS (
  UPDATE task t SET durable_satisfied = g.most
  FROM (SELECT "taskId", max(place) AS most FROM given GROUP BY 1) g WHERE t.id = g."taskId" AND t.id = ANY ($2::uuid[])
), dropped AS (
  DELETE FROM durable_condition c USING given g WHERE c.task_id = g."taskId" AND c.node_id = g."nodeId"
)
UPDATE durable_entry e
SET satisfied_order = g.place, satisfied_at = ${timestamp('$3')}, payload = g.payload, error = g.error
FROM given g WHERE e.task_id = g."taskId" AND e.node_id = g."nodeId"
RETURNING e.task_id AS "taskId", e.node_id AS "nodeId"`,
};

/** An answer on its way to the invocation that waits for it. */
export interface Delivery extends StoredEntry, RunContextColumns {
  satisfiedOrder: number;
  runId: string;
  tenantId: string;
  invocation: number;
}

const DELIVERY = `SELECT e.task_id AS "taskId", e.node_id AS "nodeId", e.kind, e.digest, e.label,
    e.child_run_id AS "childRunId", e.satisfied_order AS "satisfiedOrder", e.payload, e.error, t.run_id AS "runId",
    t.tenant_id AS "tenantId", t.invocation_count AS invocation, ${CONTEXT_COLUMNS}`;

/**
 * Answers that invocations may get now: those after the `after`-th, in the order in which they first came, up to one
 * whose node is beyond the `cursor`. The invocations that are over get none.
 */
export async function deliverable(
  db: Queryable,
  invocations: readonly { taskId: string; invocation: number; after: number; cursor: number }[],
): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery & { cursor: number; after: number }>(DELIVERABLE, [
    invocations.map(({ taskId }) => taskId),
    invocations.map(({ invocation }) => invocation),
    invocations.map(({ after }) => after),
    invocations.map(({ cursor }) => cursor),
  ]);
  const last = new Map<string, number>();
  return rows.filter(({ taskId, nodeId, satisfiedOrder, cursor, after }) => {
    const inTurn = satisfiedOrder === (last.get(taskId) ?? after) + 1 && nodeId <= cursor;
    if (inTurn) last.set(taskId, satisfiedOrder);
    return inTurn;
  });
}

// Orders up to the cursor suffice: each that was delivered stands for another node that was asked for.
const DELIVERABLE = {
  name: 'deliverable-answers',
  text: `${DELIVERY}, w.cursor, w.after
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[]) AS w (task_id, invocation, after, cursor)
JOIN task t ON t.id = w.task_id AND t.invocation_count = w.invocation AND t.status = 'RUNNING'
JOIN durable_entry e ON e.task_id = t.id AND e.satisfied_order > w.after AND e.satisfied_order <= w.cursor
JOIN run r ON r.id = t.run_id
ORDER BY e.task_id, e.satisfied_order`,
};

/** The answers of these nodes, as far as they are there, in the order in which they first came. */
export async function answersOf(db: Queryable, refs: readonly EntryRef[]): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>(ANSWERS, [
    refs.map(({ taskId }) => taskId),
    refs.map(({ nodeId }) => nodeId),
  ]);
  return rows;
}

const ANSWERS = {
  name: 'durable-answers',
  text: `${DELIVERY}
FROM unnest($1::uuid[], $2::integer[]) AS w (task_id, node_id)
JOIN durable_entry e ON e.task_id = w.task_id AND e.node_id = w.node_id AND e.satisfied_order IS NOT NULL
JOIN task t ON t.id = e.task_id AND t.status = 'RUNNING' JOIN run r ON r.id = t.run_id
ORDER BY e.task_id, e.satisfied_order`,
};

/** How many answers each of these tasks' current invocations may have got by now. */
export async function deliverableCounts(db: Queryable, taskIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ taskId: string; count: number }>(
    `SELECT t.id AS "taskId", coalesce((SELECT min(e.satisfied_order) - 1 FROM durable_entry e
       WHERE e.task_id = t.id AND e.node_id > t.durable_cursor), t.durable_satisfied) AS count
     FROM task t WHERE t.id = ANY ($1::uuid[])`,
    [taskIds],
  );
  return new Map(rows.map(({ taskId, count }) => [taskId, count]));
}

/** Evicted tasks that have got an answer since their last invocation. */
export async function evictedWithAnswers(db: Queryable, limit: number): Promise<DurableTask[]> {
  const { rows } = await db.query<DurableTask>(EVICTED, [limit]);
  return rows;
}

const EVICTED = {
  name: 'evicted-with-answers',
  text: `${TASK_COLUMNS} WHERE t.status = 'EVICTED' AND t.durable_satisfied > t.durable_seen LIMIT $1`,
};

/** Forgets the logs of tasks that were put back to their beginning: they wait, remember and spawn anew. */
export async function forgetLogs(transaction: Queryable, taskIds: readonly string[]): Promise<void> {
  await transaction.query(
    `WITH gone AS (DELETE FROM durable_entry WHERE task_id = ANY ($1::uuid[]))
     UPDATE task SET durable_cursor = 0, durable_satisfied = 0, durable_seen = 0 WHERE id = ANY ($1::uuid[])`,
    [taskIds],
  );
}
