import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  const output = { only: { ok: true }, 'on-failure-task': { skipped: true } };
  expect(await client.runRef(runId).output).toEqual(output);
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

/** Waits until this number of waits for an event is stored. */
async function waitingFor(key: string, count = 1): Promise<void> {
  const waits = () => engine.db.query('SELECT FROM durable_condition WHERE event_key = $1 AND data IS NULL', [key]);
  await expect.poll(async () => (await waits()).rowCount, { timeout: 5_000 }).toBe(count);
}

describe('a replayed durable task', () => {
  test('gets the answers of its first run again, in the same order', async () => {
    const client = await engine.client();
    const durable = client.durableTask({
      name: 'durable-again',
      fn: async (_, ctx) => {
        const order: string[] = [];
        const wait = (key: string) => ctx.waitForEvent(key).then(() => order.push(key));
        await Promise.all([wait('again:a'), wait('again:b')]);
        return { order, at: (await ctx.now()).toISOString() };
      },
    });
    await engine.work(client, [durable]);
    const ref = await durable.runNoWait({});
    await Promise.all([waitingFor('again:a'), waitingFor('again:b')]);
    await client.events.push('again:b', {});
    await waitingFor('again:b', 0);
    await client.events.push('again:a', {});
    const first = await ref.output;
    expect(first).toMatchObject({ order: ['again:b', 'again:a'] });
    const runId = await ref.getWorkflowRunId();
    await replay(runId);
    expect(await client.runRef(runId).output).toEqual({ 'durable-again': first });
  });

  test('gets an event that came after its cancellation, and one that comes after the replay', async () => {
    const client = await engine.client();
    const durable = client.durableTask({
      name: 'durable-cancelled',
      fn: async (_, ctx) => ({
        got: await Promise.all([ctx.waitForEvent('while-over'), ctx.waitForEvent('after-replay')]),
      }),
    });
    await engine.work(client, [durable]);
    const ref = await durable.runNoWait({});
    const runId = await ref.getWorkflowRunId();
    await waitingFor('after-replay');
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    await admin.cancelTasks({ externalIds: [runId] });
    await ref.output;
    await client.events.push('while-over', { n: 1 });
    await replay(runId);
    await client.events.push('after-replay', { n: 2 });
    expect(await client.runRef(runId).output).toEqual({ 'durable-cancelled': { got: [{ n: 1 }, { n: 2 }] } });
  });

  test('that failed runs its failed child again, and makes only later requests anew', async () => {
    const client = await engine.client();
    const seen: string[] = [];
    let broken = true;
    const good = client.task({
      name: 'durable-good',
      fn: async () => {
        seen.push('good');
        return { ok: true };
      },
    });
    const bad = client.task({
      name: 'durable-bad',
      fn: async () => {
        seen.push('bad');
        if (broken) throw new Error('broken');
        return { ok: true };
      },
    });
    const parent = client.durableTask({
      name: 'durable-family',
      fn: async (_, ctx) => {
        const event = ctx.waitForEvent('family:late');
        await ctx.spawnChild(good, {});
        try {
          await ctx.spawnChild(bad, {});
        } catch (error) {
          await event;
          await ctx.spawnChild(good, { undo: true });
          throw error;
        }
        return { event: await event, at: typeof (await ctx.now()) };
      },
    });
    await engine.work(client, [parent, good, bad]);
    const ref = await parent.runNoWait({});
    const outcome = ref.output.catch(() => 'failed');
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['good', 'bad']);
    await client.events.push('family:late', { n: 1 });
    expect(await outcome).toBe('failed');
    broken = false;
    const runId = await ref.getWorkflowRunId();
    await replay(runId);
    expect(await client.runRef(runId).output).toEqual({ 'durable-family': { event: { n: 1 }, at: 'object' } });
    expect(seen).toEqual(['good', 'bad', 'good', 'bad']);
    const { rows } = await engine.db.query(
      `SELECT status, count(*)::int AS runs FROM run WHERE workflow_name = 'durable-bad' GROUP BY 1`,
    );
    expect(rows).toEqual([{ status: 'COMPLETED', runs: 1 }]);
  });

  test('that completed keeps the failure of its child', async () => {
    const client = await engine.client();
    let runs = 0;
    const bad = client.task({
      name: 'caught',
      fn: async () => {
        runs += 1;
        throw new Error(`broken ${runs}`);
      },
    });
    const parent = client.durableTask({
      name: 'catching',
      fn: async (_, ctx) => ({ error: await ctx.spawnChild(bad, {}).catch(({ message }) => message) }),
    });
    await engine.work(client, [parent, bad]);
    const ref = await parent.runNoWait({});
    const first = await ref.output;
    const runId = await ref.getWorkflowRunId();
    await replay(runId);
    expect(await client.runRef(runId).output).toEqual({ catching: first });
    expect(runs).toBe(1);
  });
});
