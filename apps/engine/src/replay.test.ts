import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Replays as the API does; the SDK's `replay` uses REST. */
async function replay(...externalIds: string[]): Promise<string[]> {
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  return (await admin.replayTasks({ externalIds })).replayedTasks;
}

test('a replayed run starts a new attempt with all its retries and the same metadata', async () => {
  const client = await engine.client();
  const seen: unknown[] = [];
  let broken = true;
  const task = client.task({
    name: 'repaired',
    retries: 1,
    fn: async (_, ctx) => {
      seen.push([ctx.retryCount(), ctx.additionalMetadata().who]);
      if (broken) throw new Error('broken');
      return { ok: true };
    },
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({}, { additionalMetadata: { who: 'test' } });
  await expect(ref.output).rejects.toEqual([expect.stringContaining('broken')]);
  const runId = await ref.getWorkflowRunId();
  expect(await replay(runId)).toEqual([runId]);
  await expect(client.runRef(runId).output).rejects.toEqual([expect.stringContaining('broken')]);
  broken = false;
  expect(await replay(runId)).toEqual([runId]);

  expect(await client.runRef(runId).output).toEqual({ repaired: { ok: true } });
  expect(seen).toEqual([0, 1, 2, 3, 4].map((retryCount) => [retryCount, 'test']));
  const { rows } = await engine.db.query('SELECT status, error FROM task WHERE id = $1', [runId]);
  expect(rows).toEqual([{ status: 'COMPLETED', error: null }]);
});

test('a replayed task of a DAG runs again with its descendants; its ancestors stay completed', async () => {
  const client = await engine.client();
  const seen: string[] = [];
  const workflow = client.workflow({ name: 'chain' });
  const fn = (name: string) => async (_: object, ctx: { retryCount(): number }) => {
    seen.push(`${name} ${ctx.retryCount()}`);
    return { name };
  };
  const one = workflow.task({ name: 'one', fn: fn('one') });
  const two = workflow.task({ name: 'two', parents: [one], fn: fn('two') });
  workflow.task({ name: 'three', parents: [two], fn: fn('three') });
  workflow.task({ name: 'beside', parents: [one], fn: fn('beside') });
  await engine.work(client, [workflow]);
  const ref = await workflow.runNoWait({});
  await ref.output;
  const runId = await ref.getWorkflowRunId();
  seen.length = 0;
  const { rows } = await engine.db.query<{ id: string }>(`SELECT id FROM task WHERE run_id = $1 AND name = 'two'`, [
    runId,
  ]);
  const taskId = rows[0]?.id ?? '';
  expect(await replay(taskId)).toEqual([taskId]);
  await client.runRef(runId).output;
  expect(seen).toEqual(['two 1', 'three 1']);
});

test('an on-failure task runs again if the replayed run fails again, and not if it succeeds', async () => {
  const client = await engine.client();
  const seen: string[] = [];
  let broken = true;
  const workflow = client.workflow({ name: 'guarded' });
  workflow.task({
    name: 'only',
    fn: async () => {
      if (broken) throw new Error('broken');
      return { ok: true };
    },
  });
  workflow.onFailure({
    name: 'clean-up',
    fn: async (_, ctx) => {
      seen.push(`${ctx.retryCount()}`);
      return {};
    },
  });
  await engine.work(client, [workflow]);
  const ref = await workflow.runNoWait({});
  const runId = await ref.getWorkflowRunId();
  await ref.output.catch(() => {});
  await replay(runId);
  await client.runRef(runId).output.catch(() => {});
  expect(seen).toEqual(['0', '1']);
  broken = false;
  await replay(runId);
  expect(await client.runRef(runId).output).toEqual({ only: { ok: true } });
  expect(seen).toEqual(['0', '1']);
});

test('unfinished runs and other tenants’ runs are not replayed', async () => {
  const client = await engine.client();
  const started = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const task = client.task({
    name: 'running',
    fn: async (_, ctx) => {
      started.resolve();
      await go.promise;
      return { retry: ctx.retryCount() };
    },
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  await started.promise;
  const runId = await ref.getWorkflowRunId();
  expect(await replay(runId)).toEqual([]);
  go.resolve();
  expect(await ref.output).toEqual({ retry: 0 });
  const token = await engine.token({ tenantId: await engine.tenant() });
  const stranger = rawClient(AdminServiceDefinition, engine.address, token);
  expect(await stranger.replayTasks({ externalIds: [runId] })).toEqual({ replayedTasks: [] });
  const none = rawClient(AdminServiceDefinition, engine.address, await engine.token()).replayTasks({});
  await expect(none).rejects.toThrow('pass externalIds or a filter');
});

test('runs selected by a filter are replayed once each', async () => {
  const client = await engine.client();
  const seen: number[] = [];
  const task = client.task({
    name: 'filtered',
    fn: async (_, ctx) => {
      seen.push(ctx.retryCount());
      return {};
    },
  });
  await engine.work(client, [task]);
  const additionalMetadata = { group: 'x' };
  await task.run([{}, {}, {}], { additionalMetadata });
  await task.run({});
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  const filter = { statuses: ['COMPLETED'], additionalMetadata: ['group:x'], since: new Date(0) };
  const { replayedTasks } = await admin.replayTasks({ filter });
  await Promise.all(replayedTasks.map((id) => client.runRef(id).output));
  expect(replayedTasks).toHaveLength(3);
  expect(seen.sort()).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

test('a replayed parent keeps its successful children, and starts the failed ones again', async () => {
  const client = await engine.client();
  const runs = { good: 0, bad: 0 };
  let broken = true;
  const good = client.task({ name: 'good', fn: async () => ({ runs: ++runs.good }) });
  const bad = client.task({
    name: 'bad',
    fn: async () => {
      runs.bad++;
      if (broken) throw new Error('broken');
      return { runs: runs.bad };
    },
  });
  const parent = client.task({
    name: 'family',
    fn: async () => ({ good: await good.run({}), bad: await bad.run({}) }),
  });
  await engine.work(client, [parent, good, bad]);
  const ref = await parent.runNoWait({});
  await ref.output.catch(() => {});
  broken = false;
  const runId = await ref.getWorkflowRunId();
  await replay(runId);
  expect(await client.runRef(runId).output).toEqual({ family: { good: { runs: 1 }, bad: { runs: 2 } } });
});

test('a replayed durable task starts with an empty log', async () => {
  const client = await engine.client();
  const seen: string[] = [];
  const durable = client.durableTask({
    name: 'durable-again',
    fn: async (_, ctx) => {
      await ctx.sleepFor('1s');
      seen.push(`after the sleep ${ctx.retryCount()}`);
      return {};
    },
  });
  await engine.work(client, [durable]);
  const ref = await durable.runNoWait({});
  await ref.output;
  const runId = await ref.getWorkflowRunId();
  const before = Date.now();
  await replay(runId);
  await client.runRef(runId).output;
  expect(seen).toEqual(['after the sleep 0', 'after the sleep 1']);
  expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
});
