import type { Queryable } from '../database/transaction.ts';
import { CONTEXT_COLUMNS, type RunContextColumns, type TaskStatus } from '../runs/rows.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';

/** Kinds of log entry: a wait, a memoized value, or a child run. */
export type EntryKind = 'WAIT' | 'MEMO' | 'RUN';

/** A durable task with its position in its log. */
export interface DurableTask extends RunContextColumns {
  taskId: string;
  runId: string;
  tenantId: string;
  status: TaskStatus;
  retryCount: number;
  /** Number of the current invocation. */
  invocation: number;
  /** Last node that this invocation has requested. */
  cursor: number;
  satisfiedCount: number;
}

/** Identifies a node of a durable task's log. */
export interface EntryRef {
  taskId: string;
  nodeId: number;
}

/** A node of a durable task's log. */
export interface Entry extends EntryRef {
  kind: EntryKind;
  /** Digest of the request. */
  digest: string;
  /** The request in readable form. */
  label: string;
  childRunId: string | null;
}

/** Answer to a node: JSON text, or the error of a failed child. */
export type Answer = { payload: string } | { error: string };

/** A node with its answer. The answer's fields are null until the node is satisfied. */
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

/** Reads durable tasks. */
export async function durableTasks(db: Queryable, taskIds: readonly string[]): Promise<DurableTask[]> {
  const { rows } = await db.query<DurableTask>({ name: 'durable-tasks', text: TASK }, [taskIds]);
  return rows;
}

/** Reads durable tasks and locks them until the transaction ends. Every change of a log needs its task's lock. */
export async function lockDurableTasks(transaction: Queryable, taskIds: readonly string[]): Promise<DurableTask[]> {
  const { rows } = await transaction.query<DurableTask>(LOCK, [taskIds]);
  return rows;
}

const LOCK = { name: 'lock-durable-tasks', text: `${TASK} ORDER BY t.id FOR NO KEY UPDATE OF t` };

const STORED = `SELECT e.task_id AS "taskId", e.node_id AS "nodeId", e.kind, e.digest, e.label,
    e.child_run_id AS "childRunId", e.satisfied_order AS "satisfiedOrder", e.payload, e.error
  FROM durable_entry e`;

/** Reads the existing nodes from `from` to `to` of a task's log. */
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

/** Appends nodes to logs, and stores the cursors of the invocations. */
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
 * Stores answers to nodes of locked tasks, in order, and deletes the nodes' conditions. A node keeps its first answer.
 *
 * @returns the nodes that this call answered.
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

/** An answer to be sent to the invocation that waits for it. */
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
 * Lists the answers to send to these invocations now: those after number `after`, in the order of their first arrival, up
 * to the first answer whose node is beyond `cursor`. Past invocations get none.
 */
export async function deliverableAnswers(
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

// Answers numbered up to the cursor are enough: each delivered answer belongs to a different requested node.
const DELIVERABLE = {
  name: 'deliverable-answers',
  text: `${DELIVERY}, w.cursor, w.after
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[]) AS w (task_id, invocation, after, cursor)
JOIN task t ON t.id = w.task_id AND t.invocation_count = w.invocation AND t.status = 'RUNNING'
JOIN durable_entry e ON e.task_id = t.id AND e.satisfied_order > w.after AND e.satisfied_order <= w.cursor
JOIN run r ON r.id = t.run_id
ORDER BY e.task_id, e.satisfied_order`,
};

/** Reads the existing answers of these nodes, in the order of their first arrival. */
export async function answersOfNodes(db: Queryable, refs: readonly EntryRef[]): Promise<Delivery[]> {
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

/** Counts the answers that the current invocation of each task may have received by now. */
export async function countDeliverableAnswers(db: Queryable, taskIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ taskId: string; count: number }>(
    `SELECT t.id AS "taskId", coalesce((SELECT min(e.satisfied_order) - 1 FROM durable_entry e
       WHERE e.task_id = t.id AND e.node_id > t.durable_cursor), t.durable_satisfied) AS count
     FROM task t WHERE t.id = ANY ($1::uuid[])`,
    [taskIds],
  );
  return new Map(rows.map(({ taskId, count }) => [taskId, count]));
}

/** Lists evicted tasks with an answer since their last invocation. */
export async function evictedTasksWithAnswers(db: Queryable, limit: number): Promise<DurableTask[]> {
  const { rows } = await db.query<DurableTask>(EVICTED, [limit]);
  return rows;
}

const EVICTED = {
  name: 'evicted-with-answers',
  text: `${TASK_COLUMNS} WHERE t.status = 'EVICTED' AND t.durable_satisfied > t.durable_seen LIMIT $1`,
};

/**
 * Forgets the failures of child runs in the logs of replayed tasks, and all requests that were first made after such a
 * failure: they may depend on it. The children of these requests lose their deduplication keys. The other answers keep
 * their order.
 *
 * @returns the failed child runs: each node waits for its child's result again.
 */
export async function forgetFailedChildren(transaction: Queryable, taskIds: readonly string[]): Promise<string[]> {
  const { rows } = await transaction.query<{ childRunId: string }>(
    `WITH failed AS (
       SELECT e.task_id, e.node_id, e.satisfied_at FROM durable_entry e JOIN run r ON r.id = e.child_run_id
       WHERE e.task_id = ANY ($1::uuid[]) AND e.error IS NOT NULL
     ), first AS (
       SELECT task_id, min(satisfied_at) AS at FROM failed GROUP BY 1
     ), later AS (
       DELETE FROM durable_entry e USING first f WHERE e.task_id = f.task_id AND e.created_at >= f.at
       RETURNING e.task_id, e.node_id, e.child_run_id
     ), orphaned AS (
       UPDATE run r SET dedupe = r.dedupe || ' of ' || r.id FROM later l WHERE r.id = l.child_run_id AND r.dedupe IS NOT NULL
     )
     UPDATE durable_entry e SET satisfied_order = NULL, satisfied_at = NULL, error = NULL FROM failed f
     WHERE e.task_id = f.task_id AND e.node_id = f.node_id
       AND NOT EXISTS (SELECT FROM first WHERE first.task_id = e.task_id AND e.created_at >= first.at)
     RETURNING e.child_run_id AS "childRunId"`,
    [taskIds],
  );
  // Negative first: the unique index on the order would reject a swap of two rows.
  await transaction.query(
    `UPDATE durable_entry e SET satisfied_order = -o.place
     FROM (SELECT task_id, node_id, row_number() OVER (PARTITION BY task_id ORDER BY satisfied_order) AS place
           FROM durable_entry WHERE task_id = ANY ($1::uuid[]) AND satisfied_order IS NOT NULL) o
     WHERE e.task_id = o.task_id AND e.node_id = o.node_id`,
    [taskIds],
  );
  await transaction.query(
    `WITH ordered AS (
       UPDATE durable_entry SET satisfied_order = -satisfied_order
       WHERE task_id = ANY ($1::uuid[]) AND satisfied_order IS NOT NULL RETURNING task_id
     )
     UPDATE task t SET durable_satisfied = (SELECT count(*) FROM ordered o WHERE o.task_id = t.id), durable_seen = 0
     WHERE t.id = ANY ($1::uuid[])`,
    [taskIds],
  );
  return rows.map(({ childRunId }) => childRunId);
}

/**
 * Lists the failed and cancelled runs in the logs of failed durable tasks, and those below them, the deepest first.
 *
 * @param taskIds restricts the first level to these tasks of the runs.
 */
export async function failedChildren(
  db: Queryable,
  runIds: readonly string[],
  taskIds?: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `WITH RECURSIVE child AS (
       SELECT e.child_run_id AS id, 1 AS depth FROM task t JOIN durable_entry e ON e.task_id = t.id
       WHERE t.run_id = ANY ($1::uuid[]) AND ($2::uuid[] IS NULL OR t.id = ANY ($2::uuid[])) AND ${FAILED_CHILD}
       UNION
       SELECT e.child_run_id, c.depth + 1 FROM child c JOIN task t ON t.run_id = c.id
         JOIN durable_entry e ON e.task_id = t.id
       WHERE ${FAILED_CHILD}
     )
     SELECT c.id FROM child c JOIN run r ON r.id = c.id AND r.status IN ('FAILED', 'CANCELLED')
     GROUP BY c.id ORDER BY max(c.depth) DESC`,
    [runIds, taskIds ?? null],
  );
  return rows.map(({ id }) => id);
}

const FAILED_CHILD = `t.status IN ('FAILED', 'CANCELLED') AND e.child_run_id IS NOT NULL AND e.error IS NOT NULL`;

/** Reads the nodes of a task's log that started these runs. */
export async function entriesOfChildren(
  db: Queryable,
  taskId: string,
  childRunIds: readonly string[],
): Promise<StoredEntry[]> {
  const { rows } = await db.query<StoredEntry>(
    {
      name: 'durable-entries-of-children',
      text: `${STORED} WHERE e.task_id = $1 AND e.child_run_id = ANY ($2::uuid[]) ORDER BY e.node_id`,
    },
    [taskId, childRunIds],
  );
  return rows;
}
