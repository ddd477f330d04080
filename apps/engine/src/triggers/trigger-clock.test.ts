import { setTimeout as delay } from 'node:timers/promises';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { createCron, createSchedule, deleteSchedules, listCrons, viewSchedule } from '@hatchet-ts/storage/triggers';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine } from '../engine.ts';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from '../testing/engine.ts';
import { rawClient } from '../testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

const EVERY_SECOND = '* * * * * *';

/** Creates a schedule as the API does. */
const schedule = (workflow: string, triggerAt: Date, more: object = {}) =>
  createSchedule(engine.db, {
    tenantId: DEFAULT_TENANT,
    workflow,
    method: 'API',
    triggerAt,
    input: '{"n":1}',
    additionalMetadata: '{"who":"test"}',
    ...more,
  });
const cron = (workflow: string, name: string, expression: string, more: object = {}) =>
  createCron(engine.db, {
    tenantId: DEFAULT_TENANT,
    workflow,
    name,
    expression,
    input: '{"n":2}',
    additionalMetadata: '{"who":"cron"}',
    ...more,
  });
/** Fires one more schedule; a second firing of schedules that were due would have come before it. */
async function barrier(workflow: string): Promise<void> {
  const id = await schedule(workflow, new Date());
  await expect.poll(async () => (await viewSchedule(engine.db, DEFAULT_TENANT, id ?? ''))?.runId).toBeTruthy();
}

const runsOf = async (workflow: string) => {
  const { rows } = await engine.db.query<{ id: string; metadata: Record<string, string>; priority: number }>(
    'SELECT id, additional_metadata AS metadata, priority FROM run WHERE workflow_name = $1 ORDER BY id',
    [workflow],
  );
  return rows;
};

describe('a schedule', () => {
  test('starts its run at its time, with its input, metadata and priority, and stores the run’s id', async () => {
    const client = await engine.client();
    const got = Promise.withResolvers<unknown>();
    const task = client.task({
      name: 'later',
      fn: async (input, ctx) => {
        got.resolve({ input, metadata: ctx.additionalMetadata(), priority: ctx.priority() });
        return { at: Date.now() };
      },
    });
    await engine.work(client, [task]);
    const due = new Date(Date.now() + 600);
    const id = await schedule('later', due, { priority: 3 });
    expect(await got.promise).toEqual({ input: { n: 1 }, metadata: { who: 'test' }, priority: 3 });
    const [run] = await runsOf('later');
    await expect
      .poll(() => viewSchedule(engine.db, DEFAULT_TENANT, id ?? ''))
      .toMatchObject({ status: 'SUCCEEDED', runId: run?.id });
    expect(run && (await createdAt(run.id))).toBeGreaterThanOrEqual(due.getTime());
  });

  test('that is overdue fires once', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'overdue', fn: async () => ({}) });
    await engine.work(client, [task]);
    await schedule('overdue', new Date(Date.now() - 86_400_000));
    await expect.poll(() => runsOf('overdue')).toHaveLength(1);
    await barrier('overdue');
    expect(await runsOf('overdue')).toHaveLength(2);
  });

  test('that was deleted does not fire', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'deleted', fn: async () => ({}) });
    await engine.work(client, [task]);
    const id = await schedule('deleted', new Date(Date.now() + 400));
    await deleteSchedules(engine.db, DEFAULT_TENANT, { ids: [id ?? ''] });
    await schedule('deleted', new Date(Date.now() + 500));
    await expect.poll(() => runsOf('deleted')).toHaveLength(1);
  });

  test('fires once even if many are due at the same time', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'crowd', fn: async () => ({}) });
    await engine.work(client, [task]);
    const due = new Date(Date.now() + 200);
    await Promise.all(Array.from({ length: 450 }, () => schedule('crowd', due)));
    await expect.poll(() => runsOf('crowd'), { timeout: 10_000 }).toHaveLength(450);
    await barrier('crowd');
    expect(await runsOf('crowd')).toHaveLength(451);
  });

  test('created over gRPC, as by Python’s workflow.schedule(), fires at each of its times', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'python', fn: async (_, ctx) => ({ who: ctx.additionalMetadata().who ?? '' }) });
    await engine.work(client, [task]);
    const workflows = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
    const schedules = [new Date(Date.now() + 100), new Date(Date.now() + 200)];
    const answer = await workflows.scheduleWorkflow({
      name: 'python',
      schedules,
      input: '{}',
      additionalMetadata: '{"who":"snake"}',
    });
    expect(answer.scheduledWorkflows.map(({ triggerAt }) => triggerAt)).toEqual(schedules);
    expect(new Set(answer.scheduledWorkflows.map(({ id }) => id)).size).toBe(2);
    await expect.poll(() => runsOf('python')).toHaveLength(2);
    expect((await runsOf('python')).map(({ metadata }) => metadata)).toEqual([{ who: 'snake' }, { who: 'snake' }]);
    await expect(workflows.scheduleWorkflow({ name: 'nobody', schedules, input: '{}' })).rejects.toThrow(
      'workflow names not found: nobody',
    );
  });

  test('created by a task starts a child of that task, once per key', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'scheduler', fn: async () => ({}) });
    await engine.work(client, [task]);
    const parent = await (await task.runNoWait({})).getWorkflowRunId();
    const workflows = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
    const request = { name: 'scheduler', schedules: [new Date()], input: '{}', parentTaskRunExternalId: parent };
    const first = await workflows.scheduleWorkflow({ ...request, childKey: 'k' });
    const second = await workflows.scheduleWorkflow({ ...request, childKey: 'k' });
    const ids = [first, second].map(({ scheduledWorkflows }) => scheduledWorkflows[0]?.id ?? '');
    const fired = async () =>
      (await Promise.all(ids.map((id) => viewSchedule(engine.db, DEFAULT_TENANT, id)))).map((view) => view?.runId);
    await expect.poll(async () => (await fired()).every(Boolean)).toBe(true);
    const [one, two] = await fired();
    expect(one).toBe(two);
    const child = (await runsOf('scheduler')).find(({ id }) => id === one);
    expect(child?.metadata).toMatchObject({ hatchet__parent_workflow_run_id: parent });
  });
});

describe('a cron', () => {
  test('fires once for each second, and names itself in the metadata', async () => {
    const client = await engine.client();
    const task = client.task({ name: 'tick', fn: async () => ({}) });
    await engine.work(client, [task]);
    await cron('tick', 'each second', EVERY_SECOND);
    await expect.poll(async () => (await runsOf('tick')).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(3);

    const runs = await runsOf('tick');
    const moments = runs.map(({ metadata }) => metadata.hatchet__cron_scheduled_at ?? '');
    expect(runs[0]?.metadata).toEqual({
      who: 'cron',
      hatchet__cron_name: 'each second',
      hatchet__cron_expression: EVERY_SECOND,
      hatchet__cron_scheduled_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(moments).toEqual(consecutive(moments));
  });

  test('declared by a workflow is registered with it, survives a new registration, and is deleted when no longer declared', async () => {
    const client = await engine.client();
    const declare = (onCrons: string[]) =>
      client.workflow({ name: 'declared', ...(onCrons.length > 0 ? { onCrons } : {}) });
    const crons = () => listCrons(engine.db, DEFAULT_TENANT, { workflowName: 'declared' }, { offset: 0, limit: 9 });
    const withTask = (onCrons: string[]) => {
      const workflow = declare(onCrons);
      workflow.task({ name: 'only', fn: async () => ({}) });
      return workflow;
    };
    await cron('declared', 'by hand', '0 0 1 1 *');
    await engine.work(client, [withTask(['0 0 1 1 *', '0 0 2 1 *'])]);
    const before = (await crons()).rows;
    expect(before.map(({ expression, method, name }) => [expression, method, name]).sort()).toEqual([
      ['0 0 1 1 *', 'DEFAULT', ''],
      ['0 0 2 1 *', 'DEFAULT', ''],
    ]);
    await cron('declared', 'by hand', '0 0 1 1 *');
    await engine.work(client, [withTask(['0 0 1 1 *'])]);
    const after = (await crons()).rows;
    expect(after.map(({ expression, method }) => [expression, method]).sort()).toEqual([
      ['0 0 1 1 *', 'API'],
      ['0 0 1 1 *', 'DEFAULT'],
    ]);
    const kept = before.find(({ expression }) => expression === '0 0 1 1 *');
    expect(after.map(({ id }) => id)).toContain(kept?.id);
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    const tasks = [{ readableId: 'a', action: 'x:a' }];
    const refused = admin.putWorkflow({ name: 'x', tasks, cronTriggers: ['every day'] });
    await expect(refused).rejects.toThrow('"every day" is not a cron expression: write five fields');
  });
});

test('a restart of the engine neither skips nor repeats a firing', async () => {
  const own = await engineFixture();
  const client = await own.client();
  const workflow = client.workflow({ name: 'restarted', onCrons: [EVERY_SECOND] });
  workflow.task({ name: 'only', fn: async () => ({}) });
  await own.work(client, [workflow]);
  const moments = async () => {
    const { rows } = await own.db.query<{ at: string }>(
      `SELECT additional_metadata->>'hatchet__cron_scheduled_at' AS at FROM run ORDER BY 1`,
    );
    return rows.map(({ at }) => at);
  };
  await expect.poll(async () => (await moments()).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(2);
  await own.stopEngine();
  const before = (await moments()).length;
  await delay(2_500);
  const options = { databaseUrl: own.databaseUrl, bindAddress: '127.0.0.1', port: 0, tracing: false };
  const second = await startEngine({ ...options, log: pino({ level: 'silent' }) });
  await expect.poll(async () => (await moments()).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(before + 4);
  await second.stop();
  const all = await moments();
  expect(all).toEqual(consecutive(all));
  await own.stop();
});

/** Builds as many moments as given, one per second from the first one on. */
function consecutive(moments: readonly string[]): string[] {
  const first = Date.parse(moments[0] ?? '');
  return moments.map((_, n) => new Date(first + n * 1_000).toISOString().replace('.000Z', 'Z'));
}

async function createdAt(runId: string): Promise<number> {
  const { rows } = await engine.db.query<{ at: Date }>('SELECT created_at AS at FROM run WHERE id = $1', [runId]);
  return rows[0]?.at.getTime() ?? 0;
}
