import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '@hatchet-ts/storage';
import { startEmbeddedPostgres, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { freePort, Resources } from '@hatchet-ts/trace-testing';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { startEngine } from './engine.ts';
import { TIMING } from './loops/timing.ts';
import { clientFixture, engineFixture } from './testing/engine.ts';
import { runEngineProcess, startEngineProcess } from './testing/engine-process.ts';
import { startWorkerProcess } from './testing/worker-process.ts';

const resources = new Resources();
afterEach(() => resources.stop());

/** Key of the engine's advisory lock. */
const ENGINE_LOCK = 0x48_41_54_45;
const silent = pino({ level: 'silent' });

test('runs survive an engine that is killed among 1,000 of them: each ends once, with its result', async () => {
  const database = await temporaryDatabase();
  resources.defer(() => database.drop());
  const port = await freePort();
  const first = await startEngineProcess(resources, database.url, port);
  const fixture = await clientFixture(database.url, first.address);
  resources.defer(() => fixture.stop());
  await fixture.db.query(`
    CREATE TABLE run_end (run_id uuid);
    CREATE FUNCTION note_run_end() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO run_end VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER run_ended AFTER UPDATE ON run FOR EACH ROW
      WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_run_end()`);
  const client = await fixture.client();

  const total = 1_000;
  const third = Promise.withResolvers<void>();
  let done = 0;
  const workflow = client.workflow<{ n: number }>({ name: 'survivor' });
  const one = workflow.task({ name: 'one', fn: async ({ n }) => ({ n }) });
  workflow.task({
    name: 'two',
    parents: [one],
    retries: 2,
    fn: async ({ n }, ctx) => {
      if (n % 50 === 0 && ctx.retryCount() === 0) throw new Error('once');
      if (++done > total / 3) third.resolve();
      return { n: (await ctx.parentOutput(one)).n };
    },
  });
  await fixture.work(client, [workflow], { slots: 50 });

  const refs = await workflow.runManyNoWait(Array.from({ length: total }, (_, n) => ({ input: { n } })));
  const outputs = Promise.all(refs.map((ref) => ref.output));
  await third.promise;
  await first.engine.kill();
  await startEngineProcess(resources, database.url, port);

  expect(await outputs).toEqual(Array.from({ length: total }, (_, n) => ({ one: { n }, two: { n } })));
  const { rows } = await fixture.db.query(
    `SELECT count(*)::int AS ends, count(DISTINCT run_id)::int AS runs,
       (SELECT count(*)::int FROM run WHERE status = 'COMPLETED') AS completed FROM run_end`,
  );
  expect(rows).toEqual([{ ends: total, runs: total, completed: total }]);
}, 120_000);

test('tasks of a killed worker are reassigned after the heartbeat timeout, without counting a retry', async () => {
  expect(TIMING.heartbeat).toBe(30_000);
  const engine = await engineFixture({ heartbeat: 6_000, heartbeatCheck: 100 });
  resources.defer(() => engine.stop());
  const mortal = await startWorkerProcess(resources, await engine.token());
  const client = await engine.client();
  const ref = await client.runNoWait('fragile', {});
  expect(await mortal.started()).toBe(await ref.getWorkflowRunId());

  const fragile = client.task({ name: 'fragile', retries: 0, fn: async (_, ctx) => ({ retry: ctx.retryCount() }) });
  await engine.work(client, [fragile]);
  const killedAt = Date.now();
  await mortal.kill();
  expect(await ref.output).toEqual({ fragile: { retry: 1 } });
  // The last heartbeat may be 4 s older than the kill.
  expect(Date.now() - killedAt).toBeGreaterThan(1_500);
}, 40_000);

test('a second engine on the same database exits at once, and names the first', async () => {
  const database = await temporaryDatabase();
  resources.defer(() => database.drop());
  await startEngineProcess(resources, database.url);
  const second = await runEngineProcess({ DATABASE_URL: database.url, SERVER_GRPC_PORT: '0' });
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(
    /^engine: another engine schedules on this database: "hatchet-engine".* backend \d+, since 2.*\n$/,
  );
}, 20_000);

test('an engine that has lost its lock to another one schedules nothing until it regains it', async () => {
  const engine = await engineFixture();
  resources.defer(() => engine.stop());
  const client = await engine.client();
  const task = client.task({ name: 'halted', fn: async () => ({ ok: true }) });
  await engine.work(client, [task]);
  await task.run({});

  const other = new Database(engine.databaseUrl, { applicationName: 'other', max: 1 });
  resources.defer(() => other.close());
  const taken = other.query('SELECT pg_advisory_lock($1)', [ENGINE_LOCK]);
  const waits = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${ENGINE_LOCK} AND NOT granted`;
  await expect.poll(async () => (await engine.db.query(waits)).rows.length).toBe(1);
  await engine.db.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted`,
    [ENGINE_LOCK],
  );
  await taken;
  const ref = await task.runNoWait({});
  // Longer than an assignment takes, and than the engine's pause before it retries the lock.
  await engine.db.query('SELECT pg_sleep(1.5)');
  const { rows } = await engine.db.query('SELECT status FROM task WHERE id = $1', [await ref.getWorkflowRunId()]);
  expect(rows).toEqual([{ status: 'QUEUED' }]);
  await other.query('SELECT pg_advisory_unlock($1)', [ENGINE_LOCK]);
  expect(await ref.output).toEqual({ ok: true });
}, 30_000);

test('runs survive a restart of the database', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hatchet-fault-postgres-'));
  resources.defer(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  let postgres = await startEmbeddedPostgres({ dataDir, port });
  resources.defer(() => postgres.stop());
  const engine = await startEngine({
    databaseUrl: postgres.url,
    bindAddress: '127.0.0.1',
    port: 0,
    log: silent,
    tracing: false,
  });
  resources.defer(() => engine.stop());
  const fixture = await clientFixture(postgres.url, engine.address);
  resources.defer(() => fixture.stop());
  const client = await fixture.client();
  const total = 200;
  const half = Promise.withResolvers<void>();
  let done = 0;
  const task = client.task({
    name: 'steady',
    fn: async ({ n }: { n: number }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (++done === total / 2) half.resolve();
      return { n };
    },
  });
  await fixture.work(client, [task], { slots: 5 });
  const refs = await task.runNoWait(Array.from({ length: total }, (_, n) => ({ n })));
  const outputs = Promise.all(refs.map((ref) => ref.output));
  await half.promise;
  await postgres.stop();
  postgres = await startEmbeddedPostgres({ dataDir, port });
  expect(await outputs).toEqual(Array.from({ length: total }, (_, n) => ({ n })));
}, 120_000);
