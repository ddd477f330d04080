import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { markStarted } from './attempts.ts';
import { lockRuns, saveChanges } from './changes.ts';
import { insertRuns, type NewRun } from './insert.ts';
import { assignTasks, listBacklogs, pickQueued } from './queue.ts';
import { dueTasks, nextDueAt } from './timers.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
/** Has microseconds, which a `Date` cannot hold. */
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

function run(action: string, more: Partial<NewRun> = {}): NewRun {
  const id = randomUUID();
  return {
    id,
    tenantId: TENANT,
    workflowId: randomUUID(),
    versionId: randomUUID(),
    workflowName: 'wf',
    priority: 1,
    input: '{"quoted":"\\u0000 \\" é"}',
    additionalMetadata: {},
    traceId: null,
    traceparent: null,
    tracestate: null,
    rootSpanId: null,
    createdAt: AT,
    tasks: [{ id, step: 0, name: 'a', action, affinity: '', status: 'QUEUED', timeoutMs: 1_000, dueAt: AT + 5_000 }],
    ...more,
  };
}

const assign = (runs: NewRun[], workerId: string) =>
  assignTasks(
    db,
    runs.map(({ id }) => ({ taskId: id, runId: id, workerId })),
    AT + 1,
    AT + 2,
  );

test('a child is created once per key, within a call and across calls, and each request gets its id', async () => {
  const parent = { runId: randomUUID(), taskId: randomUUID(), childIndex: null, childKey: 'k' };
  const keyed = () => run('dedupe', { parent: { ...parent, dedupe: 'key:k' } });
  const other = run('dedupe', { parent: { ...parent, dedupe: 'key:other' } });
  const first = [keyed(), keyed(), other];
  expect(await insertRuns(db, first)).toEqual([first[0]!.id, first[0]!.id, other.id]);
  expect(await insertRuns(db, [keyed()])).toEqual([first[0]!.id]);
  const { rows } = await db.query(`SELECT FROM task WHERE action = 'dedupe'`);
  expect(rows).toHaveLength(2);
});

test('tasks are picked by priority and then by arrival, up to a limit for each kind', async () => {
  const runs = [run('order'), run('order', { priority: 3 }), run('order'), run('order')];
  await insertRuns(db, runs);
  const other = run('order-2');
  await insertRuns(db, [other]);
  const picked = await pickQueued(db, [
    { tenantId: TENANT, action: 'order', affinity: '', limit: 3 },
    { tenantId: TENANT, action: 'order-2', affinity: '', limit: 5 },
  ]);
  expect(picked.map(({ id }) => id)).toEqual([runs[1]!.id, runs[0]!.id, runs[2]!.id, other.id]);
  expect(await listBacklogs(db)).toContainEqual({ tenantId: TENANT, action: 'order-2', affinity: '' });
});

test('a task is assigned to only one worker, with its times to the microsecond and its input unchanged', async () => {
  const [one, worker] = [run('once'), randomUUID()];
  await insertRuns(db, [one]);
  const [assignment, ...more] = await assign([one], worker);
  expect(more).toEqual([]);
  expect(assignment).toMatchObject({
    task: { id: one.id, status: 'RUNNING', workerId: worker, queuedAt: AT, assignedAt: AT + 1, startedAt: null },
    run: { id: one.id, createdAt: AT },
    input: one.input,
    others: null,
  });
  expect(await assign([one], randomUUID())).toEqual([]);
});

test('only the running attempt can be marked as started, and only once', async () => {
  const one = run('started');
  await insertRuns(db, [one]);
  const mark = (retryCount: number, tenantId = TENANT) =>
    markStarted(db, [{ tenantId, taskId: one.id, retryCount }], AT + 10);
  expect(await mark(0)).toEqual([]);
  await assign([one], randomUUID());
  expect(await mark(1)).toEqual([]);
  expect(await mark(0, randomUUID())).toEqual([]);
  expect(await mark(0)).toEqual([{ taskId: one.id, retryCount: 0, dueAt: AT + 1_010 }]);
  expect(await mark(0)).toEqual([]);
});

test('the next attempt knows the context of the one before, if a worker traced it', async () => {
  const one = run('retried');
  await insertRuns(db, [one]);
  const [first] = await assign([one], randomUUID());
  expect(first?.earlier).toBeNull();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await markStarted(db, [{ tenantId: TENANT, taskId: one.id, retryCount: 0, spanTraceparent: traceparent }], AT);
  const retry = (retryCount: number) =>
    db.transaction(async (transaction) => {
      const { tasks } = await lockRuns(transaction, [one.id]);
      await saveChanges(transaction, [{ ...tasks[0]!, status: 'QUEUED', retryCount, startedAt: null }], []);
    });
  await retry(1);
  const [second] = await assign([one], randomUUID());
  expect(second?.earlier).toEqual({ traceparent, entries: null, children: null });
  await markStarted(db, [{ tenantId: TENANT, taskId: one.id, retryCount: 1 }], AT);
  await retry(2);
  const [third] = await assign([one], randomUUID());
  expect(third?.earlier?.traceparent).toBeNull();
});

test('a change is stored as given; a missing result stays unchanged', async () => {
  const one = run('changed');
  await insertRuns(db, [one]);
  const change = (result: { output?: string; error?: string }, finishedAt: number | null) =>
    db.transaction(async (transaction) => {
      const { tasks } = await lockRuns(transaction, [one.id]);
      await saveChanges(transaction, [{ ...tasks[0]!, finishedAt, dueAt: null, ...result }], []);
    });
  await change({ error: 'first' }, null);
  await change({ output: '{"ok":true}' }, AT + 20);
  const { rows } = await db.query(`SELECT output, error, due_at FROM task WHERE id = $1`, [one.id]);
  expect(rows).toEqual([{ output: '{"ok":true}', error: 'first', due_at: null }]);
  const { tasks } = await db.transaction((transaction) => lockRuns(transaction, [one.id]));
  expect(tasks[0]).toMatchObject({ finishedAt: AT + 20, createdAt: AT });
});

test('a task is due at its time, not before', async () => {
  const early = run('due', { createdAt: 0, tasks: [{ ...run('due').tasks[0]!, dueAt: 1_000 }] });
  await insertRuns(db, [early]);
  expect(await nextDueAt(db)).toBe(1_000);
  expect(await dueTasks(db, 999, 10)).toEqual([]);
  expect(await dueTasks(db, 1_000, 10)).toMatchObject([{ runId: early.id, status: 'QUEUED', started: false }]);
});
