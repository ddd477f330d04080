import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import type { Queryable } from '../database/transaction.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { insertEvents } from '../events.ts';
import { assignTasks, insertRuns, listBatchBacklogs, type NewRun, pickBatchable } from '../runs/index.ts';
import {
  answersOfNodes,
  appendEntries,
  type Condition,
  countDeliverableAnswers,
  deliverableAnswers,
  dueSleeps,
  type Entry,
  entriesOfChildren,
  evictedTasksWithAnswers,
  fulfillConditions,
  insertConditions,
  lockDurableTasks,
  matchesOfEvents,
  matchesOfNodes,
  matchesOfStoredEvents,
  nextSleepAt,
  nodesOfRuns,
  satisfyEntries,
  storedEntries,
  unawaitedEvents,
} from './index.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const AT = 1_795_223_437_913.125;

let temporary: TemporaryDatabase;
let db: Database;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  db = new Database(temporary.url, { applicationName: 'test' });
  await migrate(db);
});
afterAll(async () => {
  await db.close();
  await temporary.drop();
});

function run(more: Partial<NewRun['tasks'][number]> = {}): NewRun {
  const id = randomUUID();
  const task = {
    id,
    step: 0,
    name: 'a',
    action: 'wf:a',
    status: 'QUEUED',
    timeoutMs: 1_000,
    dueAt: AT + 5_000,
  } as const;
  return {
    id,
    tenantId: TENANT,
    workflowId: randomUUID(),
    versionId: randomUUID(),
    workflowName: 'wf',
    priority: 1,
    input: '{}',
    additionalMetadata: {},
    traceId: null,
    traceparent: null,
    tracestate: null,
    rootSpanId: null,
    createdAt: AT,
    tasks: [{ ...task, affinity: '', durable: true, ...more }],
  };
}

/** Creates a durable task whose first invocation has requested `nodes` nodes. */
async function createTask(nodes: number): Promise<string> {
  const created = run();
  await insertRuns(db, [created]);
  await assignTasks(db, [{ taskId: created.id, runId: created.id, workerId: randomUUID() }], AT, AT);
  await appendEntries(db, entriesOf(created.id, nodes), [{ taskId: created.id, cursor: nodes }], AT);
  return created.id;
}

const entriesOf = (taskId: string, nodes: number): Entry[] =>
  Array.from({ length: nodes }, (_, index) => ({
    taskId,
    nodeId: index + 1,
    kind: 'WAIT',
    digest: 'd',
    label: 'l',
    childRunId: null,
  }));

const condition = (taskId: string, position: number, more: Partial<Condition>): Condition => ({
  taskId,
  nodeId: 1,
  position,
  tenantId: TENANT,
  orGroup: String(position),
  dataKey: 'k',
  ...more,
});

describe('answers', () => {
  test('are numbered by arrival, and a node keeps its first answer', async () => {
    const taskId = await createTask(3);
    const first = [3, 1].map((nodeId) => ({ taskId, nodeId, payload: `${nodeId}` }));
    expect(await satisfyEntries(db, first, AT)).toHaveLength(2);
    const again = [1, 2].map((nodeId) => ({ taskId, nodeId, error: 'late' }));
    expect(await satisfyEntries(db, again, AT)).toEqual([{ taskId, nodeId: 2 }]);
    expect(await storedEntries(db, { taskId, from: 1, to: 3 })).toMatchObject([
      { nodeId: 1, satisfiedOrder: 2, payload: '1', error: null },
      { nodeId: 2, satisfiedOrder: 3, payload: null, error: 'late' },
      { nodeId: 3, satisfiedOrder: 1, payload: '3', error: null },
    ]);
    expect((await lockDurableTasks(db, [taskId]))[0]).toMatchObject({ cursor: 3, satisfiedCount: 3, invocation: 1 });
  });

  test('go to the current invocation, in order, up to its last requested node', async () => {
    const taskId = await createTask(3);
    const answers = [3, 1, 2].map((nodeId) => ({ taskId, nodeId, payload: '{}' }));
    await satisfyEntries(db, answers, AT);
    const nodes = async (invocation: number, after: number, cursor: number) =>
      (await deliverableAnswers(db, [{ taskId, invocation, after, cursor }])).map(({ nodeId }) => nodeId);
    expect(await nodes(1, 0, 2)).toEqual([]);
    expect(await nodes(1, 0, 3)).toEqual([3, 1, 2]);
    expect(await nodes(1, 2, 3)).toEqual([2]);
    expect(await nodes(2, 0, 3)).toEqual([]);
    expect((await answersOfNodes(db, [{ taskId, nodeId: 1 }])).map(({ nodeId }) => nodeId)).toEqual([1]);
    expect(await countDeliverableAnswers(db, [taskId])).toEqual(new Map([[taskId, 3]]));
    await db.query('UPDATE task SET durable_cursor = 2 WHERE id = $1', [taskId]);
    expect(await countDeliverableAnswers(db, [taskId])).toEqual(new Map([[taskId, 0]]));
  });
});

describe('conditions', () => {
  test('are fulfilled by time or event, and deleted when their wait is satisfied', async () => {
    const taskId = await createTask(1);
    const event = { key: 'paid', since: AT };
    await insertConditions(db, [
      condition(taskId, 0, { sleep: { until: AT + 10, text: '10ms' } }),
      condition(taskId, 1, { event }),
      condition(taskId, 2, { event: { ...event, scope: 'mine' } }),
    ]);
    expect(await nextSleepAt(db)).toBeCloseTo(AT + 10, 2);
    expect(await dueSleeps(db, AT + 9, 10)).toEqual([]);
    expect(await dueSleeps(db, AT + 11, 10)).toMatchObject([
      { taskId, position: 0, data: '{"sleep_duration" : "10ms"}' },
    ]);

    const events = [
      { key: 'paid', payload: '"early"', createdAt: AT - 1 },
      { key: 'other', payload: '"other"', createdAt: AT + 1 },
      { key: 'paid', payload: '"first"', createdAt: AT + 1 },
      { key: 'paid', payload: '"second"', createdAt: AT + 2, scope: 'mine' },
    ].map((given) => ({ ...given, id: randomUUID(), tenantId: TENANT, additionalMetadata: {} }));
    await insertEvents(db, events);
    const expected = [
      { position: 1, data: '"first"' },
      { position: 2, data: '"second"' },
    ];
    const matches = await matchesOfEvents(
      db,
      events.map(({ id }) => id),
    );
    expect(matches).toMatchObject(expected);
    expect(await matchesOfStoredEvents(db)).toMatchObject(expected);
    expect(await fulfillConditions(db, matches)).toMatchObject([
      { data: null },
      { data: '"first"' },
      { data: '"second"' },
    ]);
    const keys = ['paid', 'other'].map((key) => ({ tenantId: TENANT, key }));
    expect(await unawaitedEvents(db, keys)).toHaveLength(2);

    await satisfyEntries(db, [{ taskId, nodeId: 1, payload: '{}' }], AT);
    expect(await nextSleepAt(db)).toBeNull();
  });
});

test('no statement of the hot path scans a whole table', async () => {
  const whole: string[] = [];
  const explaining: Queryable = {
    async query<Row extends pg.QueryResultRow>(statement: string | pg.QueryConfig, params?: unknown[]) {
      const text = typeof statement === 'string' ? statement : statement.text;
      const { rows } = await db.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, params);
      const scans = rows.filter((row) => /Seq Scan on (task|run|event|durable_\w+)/.test(row['QUERY PLAN']));
      if (scans.length > 0) whole.push([text, ...rows.map((row) => row['QUERY PLAN'])].join('\n'));
      return db.query<Row>(statement, params);
    },
  };
  // many finished tasks and a few waiting ones
  await db.query(
    `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
       additional_metadata, created_at, finished_at)
     SELECT gen_random_uuid(), $1, $1, $1, 'old', 'COMPLETED', 1, '{}', '{}', now(), now() FROM generate_series(1, 5000)`,
    [TENANT],
  );
  await db.query(
    `INSERT INTO task (id, run_id, tenant_id, step, name, action, status, priority, timeout_ms, created_at, invocation_count)
     SELECT id, id, tenant_id, 0, 'old', 'old:old', 'COMPLETED', 1, 1, now(), 1 FROM run WHERE workflow_name = 'old'`,
  );
  await db.query(
    `INSERT INTO durable_entry (task_id, node_id, kind, digest, label, child_run_id, created_at, satisfied_order, payload)
     SELECT id, 1, 'RUN', 'd', 'l', id, now(), 1, '{}' FROM run WHERE workflow_name = 'old'`,
  );
  await db.query(
    `INSERT INTO event (id, tenant_id, key, payload, additional_metadata, created_at)
     SELECT gen_random_uuid(), $1, 'key' || n, '{}', '{}', now() FROM generate_series(1, 5000) n`,
    [TENANT],
  );
  await db.query(
    `INSERT INTO durable_condition (task_id, node_id, position, or_group, data_key, tenant_id, sleep_until, event_key,
       events_since)
     SELECT task_id, 1, 0, '', '', $1, CASE WHEN n % 2 = 0 THEN 'infinity'::timestamptz END,
       CASE WHEN n % 2 = 1 THEN 'key' || n END, '-infinity'
     FROM (SELECT task_id, row_number() OVER () AS n FROM durable_entry WHERE kind = 'RUN') x`,
    [TENANT],
  );
  const taskId = await createTask(1);
  await insertConditions(db, [condition(taskId, 0, { event: { key: 'key1', since: 0 } })]);
  await db.query('ANALYZE');

  const ref = { taskId, nodeId: 1 };
  await lockDurableTasks(explaining, [taskId]);
  await storedEntries(explaining, { taskId, from: 1, to: 2 });
  await deliverableAnswers(explaining, [{ taskId, invocation: 1, after: 0, cursor: 1 }]);
  await countDeliverableAnswers(explaining, [taskId]);
  await answersOfNodes(explaining, [ref]);
  await dueSleeps(explaining, AT, 500);
  await nextSleepAt(explaining);
  await matchesOfEvents(explaining, [randomUUID()]);
  await matchesOfNodes(explaining, [ref]);
  await fulfillConditions(explaining, [
    { ...ref, position: 0, data: '1', traceparent: null, tracestate: null, rootSpanId: null },
  ]);
  await unawaitedEvents(explaining, [{ tenantId: TENANT, key: 'key1' }]);
  await nodesOfRuns(explaining, [randomUUID()]);
  await evictedTasksWithAnswers(explaining, 500);
  await appendEntries(explaining, [{ ...entriesOf(taskId, 2)[1]! }], [{ taskId, cursor: 2 }], AT);
  await satisfyEntries(explaining, [{ ...ref, payload: '1' }], AT);
  await entriesOfChildren(explaining, taskId, [randomUUID()]);
  await listBatchBacklogs(explaining);
  await pickBatchable(explaining, [{ tenantId: TENANT, action: 'wf:a' }], 10);
  expect(whole).toEqual([]);
});
