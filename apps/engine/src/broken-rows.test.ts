import { createCron, createSchedule, viewSchedule } from '@hatchet-ts/storage/triggers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from './testing/engine.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

test('a task whose timer cannot be handled stops no other timer, and waits a minute', async () => {
  const client = await engine.client();
  const lonely = client.task({ name: 'lonely', scheduleTimeout: '1s', fn: async () => ({}) });
  await (await engine.work(client, [lonely])).stop();
  const broken = await (await lonely.runNoWait({})).getWorkflowRunId();
  await engine.db.query('UPDATE task SET step = 9 WHERE id = $1', [broken]);
  await expect(lonely.run({})).rejects.toEqual([expect.stringContaining('within its schedule timeout of 1s')]);
  const { rows } = await engine.db.query<{ status: string; seconds: number }>(
    'SELECT status, extract(epoch FROM due_at - now())::float8 AS seconds FROM task WHERE id = $1',
    [broken],
  );
  expect(rows[0]?.status).toBe('QUEUED');
  expect(rows[0]?.seconds).toBeGreaterThan(30);
});

test('a schedule or cron that cannot fire stops no other', async () => {
  const client = await engine.client();
  const keyed = client.task({
    name: 'keyed',
    idempotency: { strategy: 'ttl', expression: 'input.id', ttlMs: 60_000 },
    fn: async (_: { id: string }) => ({}),
  });
  await engine.work(client, [keyed]);
  const trigger = { tenantId: DEFAULT_TENANT, workflow: 'keyed', additionalMetadata: '{}' };
  const schedule = (input: string) =>
    createSchedule(engine.db, { ...trigger, method: 'API', triggerAt: new Date(Date.now() - 1_000), input });
  // Not JSON: the API refuses it, so only the database can be that broken.
  const [broken = '', sound = ''] = [await schedule('{'), await schedule('{"id":"s"}')];
  await createCron(engine.db, { ...trigger, name: 'broken', expression: '* * * * * *', input: '{' });
  await createCron(engine.db, { ...trigger, name: 'sound', expression: '* * * * * *', input: '{"id":"c"}' });

  const fired = async () => (await viewSchedule(engine.db, DEFAULT_TENANT, sound))?.runId;
  await expect.poll(fired, { timeout: 10_000 }).toBeTypeOf('string');
  const cronRuns = () =>
    engine.db.query(`SELECT FROM run WHERE additional_metadata ->> 'hatchet__cron_name' = 'sound'`);
  await expect.poll(async () => (await cronRuns()).rows.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await viewSchedule(engine.db, DEFAULT_TENANT, broken)).toMatchObject({ status: 'SCHEDULED' });
});
