import { setTimeout as delay } from 'node:timers/promises';
import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { type DurableTaskRequest, V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from '../testing/engine.ts';
import { rawClient } from '../testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Eviction policy; the SDK checks it once a second. */
const evictionPolicy = { ttl: '1s', allowCapacityEviction: true, priority: 0 } as const;

interface TaskState {
  status: string;
  invocation: number;
  retryCount: number;
  dueAt: Date | null;
}

async function taskState(id: string): Promise<TaskState | undefined> {
  const { rows } = await engine.db.query<TaskState>(
    `SELECT status, invocation_count AS invocation, retry_count AS "retryCount", due_at AS "dueAt" FROM task WHERE id = $1`,
    [id],
  );
  return rows[0];
}

async function awaited(key: string): Promise<void> {
  const waits = async () => (await engine.db.query('SELECT FROM durable_condition WHERE event_key = $1', [key])).rows;
  await expect.poll(waits, { timeout: 5_000 }).toHaveLength(1);
}

async function evicted(id: string): Promise<void> {
  await expect.poll(async () => (await taskState(id))?.status, { timeout: 10_000 }).toBe('EVICTED');
}

test('a task that waits for long is evicted, and runs again from its beginning once it has its answer', async () => {
  const client = await engine.client();
  const invocations: number[] = [];
  let memos = 0;
  let children = 0;
  const child = client.task({ name: 'evicted-child', fn: async () => ({ number: ++children }) });
  const task = client.durableTask({
    name: 'evicted',
    evictionPolicy,
    executionTimeout: '3s',
    fn: async (_, ctx) => {
      invocations.push(ctx.invocationCount);
      const now = await ctx.now();
      if (ctx.invocationCount === 1) memos = now.getTime();
      const spawned = await ctx.spawnChild(child, {});
      const event = await ctx.waitForEvent('wake-up');
      return { sameNow: now.getTime() === memos, spawned, event, retry: ctx.retryCount() };
    },
  });
  await engine.work(client, [task, child]);

  const ref = await task.runNoWait({});
  const id = await ref.getWorkflowRunId();
  await evicted(id);
  // A waiting task has neither timeout nor worker.
  expect(await taskState(id)).toMatchObject({ dueAt: null, retryCount: 0, invocation: 1 });
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  expect(await admin.getRunDetails({ externalId: id })).toMatchObject({ status: 1, isEvicted: true, done: false });

  await client.events.push('wake-up', { n: 1 });
  expect(await ref.output).toEqual({ sameNow: true, spawned: { number: 1 }, event: { n: 1 }, retry: 0 });
  expect(invocations).toEqual([1, 2]);
  expect(children).toBe(1);
}, 20_000);

test('an evicted task frees its slot for another', async () => {
  const client = await engine.client();
  const task = client.durableTask({
    name: 'slot',
    evictionPolicy,
    fn: async ({ wait }: { wait: boolean }, ctx) => (wait ? { got: await ctx.waitForEvent('slot') } : { got: {} }),
  });
  await engine.work(client, [task], { durableSlots: 1 });

  const waiting = await task.runNoWait({ wait: true });
  const second = await task.runNoWait({ wait: false });
  expect(await second.output).toEqual({ got: {} });
  expect(await taskState(await waiting.getWorkflowRunId())).toMatchObject({ status: 'EVICTED' });
  await client.events.push('slot', { at: 'last' });
  expect(await waiting.output).toEqual({ got: { at: 'last' } });
}, 20_000);

test('answers are replayed in their original order', async () => {
  const client = await engine.client();
  const orders: string[][] = [];
  const task = client.durableTask({
    name: 'ordered',
    evictionPolicy,
    fn: async (_, ctx) => {
      const order: string[] = [];
      orders.push(order);
      const wait = async (key: string) => {
        await ctx.waitForEvent(key);
        order.push(key);
        // The tasks send their next requests in the order in which they were woken.
        await ctx.now();
      };
      await Promise.all([wait('first'), wait('second'), wait('third')]);
      await ctx.waitForEvent('last');
      return {};
    },
  });
  await engine.work(client, [task]);

  const ref = await task.runNoWait({});
  const satisfied = async () => {
    const { rows } = await engine.db.query(
      `SELECT FROM durable_entry WHERE task_id = $1 AND satisfied_order IS NOT NULL`,
      [await ref.getWorkflowRunId()],
    );
    return rows.length;
  };
  await awaited('third');
  for (const [index, key] of ['third', 'first', 'second'].entries()) {
    await client.events.push(key, {});
    await expect.poll(satisfied, { timeout: 5_000 }).toBe(2 * (index + 1));
  }
  await evicted(await ref.getWorkflowRunId());
  await client.events.push('last', {});
  await ref.output;
  expect(orders).toEqual([
    ['third', 'first', 'second'],
    ['third', 'first', 'second'],
  ]);
}, 20_000);

test('the API’s restore runs an evicted task before it has an answer', async () => {
  const client = await engine.client();
  const invocations: number[] = [];
  const task = client.durableTask({
    name: 'restored',
    evictionPolicy,
    fn: async (_, ctx) => {
      invocations.push(ctx.invocationCount);
      return { got: await ctx.waitForEvent('restored') };
    },
  });
  await engine.work(client, [task]);
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());

  const ref = await task.runNoWait({});
  const taskRunExternalId = await ref.getWorkflowRunId();
  await evicted(taskRunExternalId);
  expect(await dispatcher.restoreEvictedTask({ taskRunExternalId })).toEqual({ requeued: true });
  await expect.poll(() => invocations, { timeout: 5_000 }).toEqual([1, 2]);
  expect(await dispatcher.restoreEvictedTask({ taskRunExternalId })).toEqual({ requeued: false });

  const stranger = rawClient(
    DispatcherDefinition,
    engine.address,
    await engine.token({ tenantId: await engine.tenant() }),
  );
  await expect(stranger.restoreEvictedTask({ taskRunExternalId })).rejects.toMatchObject({ code: Status.NOT_FOUND });
  await client.events.push('restored', {});
  expect(await ref.output).toEqual({ got: {} });
}, 20_000);

test('a stopping worker evicts its waiting tasks, and another one continues them', async () => {
  const client = await engine.client();
  const task = client.durableTask({
    name: 'moved',
    fn: async (_, ctx) => ({ got: await ctx.waitForEvent('moved'), invocation: ctx.invocationCount }),
  });
  const first = await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  await awaited('moved');
  await first.stop();
  await evicted(await ref.getWorkflowRunId());

  await client.events.push('moved', { n: 1 });
  await engine.work(await engine.client(), [task]);
  expect(await ref.output).toEqual({ got: { n: 1 }, invocation: 2 });
}, 20_000);

test('an evicted task can be cancelled', async () => {
  const client = await engine.client();
  const task = client.durableTask({
    name: 'dropped',
    evictionPolicy,
    fn: async (_, ctx) => ({ got: await ctx.waitForEvent('dropped') }),
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  const id = await ref.getWorkflowRunId();
  await evicted(id);
  await rawClient(AdminServiceDefinition, engine.address, await engine.token()).cancelTasks({ externalIds: [id] });
  expect(await ref.output).toEqual({});
  await client.events.push('dropped', {});
  const { rows } = await engine.db.query('SELECT status FROM task WHERE id = $1', [id]);
  expect(rows).toEqual([{ status: 'CANCELLED' }]);
}, 20_000);

test('a request of a stale invocation is answered with an eviction', async () => {
  const client = await engine.client();
  const task = client.durableTask({
    name: 'stale',
    fn: async (_, ctx) => ({ got: await ctx.waitForEvent('stale') }),
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  const durableTaskExternalId = await ref.getWorkflowRunId();
  await awaited('stale');

  const stale = { durableTaskExternalId, invocationCount: 7 };
  const requests: Partial<DurableTaskRequest>[] = [
    { waitFor: { ...stale, waitForConditions: { sleepConditions: [], userEventConditions: [] } } },
    { workerStatus: { workerId: '', waitingEntries: [{ ...stale, branchId: 1, nodeId: 1 }] } },
    {
      memo: {
        durableTaskExternalId: '00000000-0000-4000-8000-000000000000',
        invocationCount: 1,
        key: Buffer.from('k'),
      },
    },
  ];
  const stopped = new AbortController();
  const raw = rawClient(V1DispatcherDefinition, engine.address, await engine.token());
  const answers: unknown[] = [];
  for await (const { serverEvict } of raw.durableTask(each(requests, stopped.signal), { signal: stopped.signal })) {
    answers.push(serverEvict?.invocationCount);
    if (answers.length === requests.length) break;
  }
  stopped.abort();
  expect(answers.sort()).toEqual([1, 7, 7]);
  await client.events.push('stale', {});
  expect(await ref.output).toEqual({ got: {} });
});

/** Keeps the stream open after its last message. */
async function* each<Message>(messages: readonly Message[], signal: AbortSignal): AsyncGenerator<Message> {
  yield* messages;
  await delay(60_000, undefined, { signal }).catch(() => {});
}
