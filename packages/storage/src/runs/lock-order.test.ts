import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import type { Queryable } from '../database/transaction.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { markStarted } from './attempts.ts';
import { insertRuns, type NewRun, releaseFailedChildKeys } from './insert.ts';
import { assignTasks } from './queue.ts';
import { postponeTimeouts, setStartDeadline } from './timers.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const WORKER = randomUUID();
const PARENT = randomUUID();
const AT = 1_795_223_437_913;
/** In the order of ids. */
const FIRST = '00000000-0000-4000-8000-000000000001';
const SECOND = '00000000-0000-4000-8000-000000000002';

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
beforeEach(() => db.query('TRUNCATE run CASCADE'));

function run(id: string): NewRun {
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
    parent: { runId: PARENT, taskId: PARENT, dedupe: id === FIRST ? 'z' : 'a', childIndex: null, childKey: null },
    createdAt: AT,
    tasks: [
      { id, step: 0, name: 'a', action: 'a', affinity: '', status: 'QUEUED', timeoutMs: 1_000, dueAt: AT + 5_000 },
    ],
  };
}

const assign = (through: Queryable) =>
  assignTasks(
    through,
    [SECOND, FIRST].map((id) => ({ taskId: id, runId: id, workerId: WORKER })),
    AT + 1,
    AT + 2,
  );

test.each<[name: string, table: 'task' | 'run', prepare: () => Promise<unknown>, statement: () => Promise<unknown>]>([
  ['assigns tasks', 'task', async () => {}, () => assign(db)],
  [
    'marks attempts as started',
    'task',
    () => assign(db),
    () =>
      markStarted(
        db,
        [SECOND, FIRST].map((taskId) => ({ tenantId: TENANT, taskId, retryCount: 0 })),
        AT + 2,
      ),
  ],
  ['postpones timeouts', 'task', async () => {}, () => postponeTimeouts(db, AT + 10_000)],
  ['sets the start deadline of a worker', 'task', () => assign(db), () => setStartDeadline(db, WORKER, AT)],
  [
    'releases the keys of failed children',
    'run',
    () => db.query(`UPDATE run SET status = 'FAILED'`),
    () => releaseFailedChildKeys(db, [PARENT]),
  ],
])(
  'a statement that %s locks rows in the order of their ids, so it cannot deadlock',
  async (_, table, prepare, statement) => {
    // Stored against the order of ids, which a plan may follow.
    await insertRuns(db, [run(SECOND)]);
    await insertRuns(db, [run(FIRST)]);
    await prepare();
    let changed: Promise<unknown> | undefined;
    await db.transaction(async (transaction) => {
      await transaction.query(`SELECT FROM ${table} WHERE id = $1 FOR NO KEY UPDATE`, [FIRST]);
      changed = statement();
      const waiting = () => db.query('SELECT FROM pg_locks WHERE NOT granted');
      await expect.poll(async () => (await waiting()).rows.length, { timeout: 10_000 }).toBeGreaterThan(0);
      await transaction.query(`SELECT FROM ${table} WHERE id = $1 FOR NO KEY UPDATE NOWAIT`, [SECOND]);
    });
    await changed;
  },
);
