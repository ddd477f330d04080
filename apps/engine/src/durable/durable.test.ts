import { NonDeterminismError, Or, SleepCondition } from '@hatchet-dev/typescript-sdk';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from '../testing/engine.ts';
import { rawClient } from '../testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Counts the stored waits for an event. */
async function waitsFor(key: string): Promise<number> {
  const { rows } = await engine.db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM durable_condition WHERE event_key = $1 AND data IS NULL',
    [key],
  );
  return rows[0]?.count ?? 0;
}

async function awaited(key: string, count = 1): Promise<void> {
  await expect.poll(() => waitsFor(key), { timeout: 5_000 }).toBe(count);
}

describe('a sleep', () => {
  test('lasts for its duration', async () => {
    const client = await engine.client();
    const nap = client.durableTask({
      name: 'nap',
      fn: async (_, ctx) => {
        const before = performance.now();
        const { durationMs } = await ctx.sleepFor('1s');
        return { durationMs, slept: performance.now() - before };
      },
    });
    await engine.work(client, [nap]);

    const { durationMs, slept } = await nap.run({});
    expect(durationMs).toBe(1_000);
    expect(slept).toBeGreaterThan(950);
  });

  test('until a past moment ends at once', async () => {
    const client = await engine.client();
    const late = client.durableTask({
      name: 'late',
      fn: async (_, ctx) => ({ slept: (await ctx.sleepUntil(new Date(0))).durationMs }),
    });
    await engine.work(client, [late]);

    expect(await late.run({})).toEqual({ slept: 0 });
  });

  test('continues when the task is retried', async () => {
    const client = await engine.client();
    const slept: number[] = [];
    const again = client.durableTask({
      name: 'again',
      retries: 1,
      fn: async (_, ctx) => {
        const before = performance.now();
        await ctx.sleepFor('1s');
        slept.push(performance.now() - before);
        if (ctx.retryCount() === 0) throw new Error('once more');
        return {};
      },
    });
    await engine.work(client, [again]);

    await again.run({});
    expect(slept[0]).toBeGreaterThan(950);
    expect(slept[1]).toBeLessThan(900);
  });
});

describe('a wait for an event', () => {
  test('receives the payload of the next event with that key', async () => {
    const client = await engine.client();
    const buyer = client.durableTask({
      name: 'buyer',
      fn: async (_, ctx) => ({ paid: await ctx.waitForEvent('paid') }),
    });
    await engine.work(client, [buyer]);

    await client.events.push('paid', { amount: 0 });
    const ref = await buyer.runNoWait({});
    await awaited('paid');
    await client.events.push('paid', { amount: 1 });
    await client.events.push('paid', { amount: 2 });
    expect(await ref.output).toEqual({ paid: { amount: 1 } });
  });

  test('ends for all tasks that wait for the key, and for no others', async () => {
    const client = await engine.client();
    const waiter = client.durableTask({
      name: 'waiter',
      fn: async ({ key }: { key: string }, ctx) => ({ got: await ctx.waitForEvent(key) }),
    });
    await engine.work(client, [waiter]);

    const refs = await waiter.runNoWait([{ key: 'go' }, { key: 'go' }, { key: 'stay' }]);
    await awaited('go', 2);
    await awaited('stay');
    const other = await engine.client(await engine.tenant());
    await other.events.push('go', { by: 'another tenant' });
    await client.events.push('go', { by: 'us' });
    expect(await Promise.all(refs.slice(0, 2).map((ref) => ref.output))).toEqual([
      { got: { by: 'us' } },
      { got: { by: 'us' } },
    ]);
    expect(await waitsFor('stay')).toBe(1);
    await client.events.push('stay', {});
    expect(await refs[2]?.output).toEqual({ got: {} });
  });

  test('with a scope accepts only events of that scope', async () => {
    const client = await engine.client();
    const scoped = client.durableTask({
      name: 'scoped',
      fn: async (_, ctx) => ({ got: await ctx.waitForEvent('scoped', '', undefined, 'mine') }),
    });
    await engine.work(client, [scoped]);

    const ref = await scoped.runNoWait({});
    await awaited('scoped');
    await client.events.push('scoped', { of: 'other' }, { scope: 'other' });
    await client.events.push('scoped', { of: 'mine' }, { scope: 'mine' });
    expect(await ref.output).toEqual({ got: { of: 'mine' } });
  });

  test('that looks back finds the first event of its time range', async () => {
    const client = await engine.client();
    const historian = client.durableTask({
      name: 'historian',
      fn: async (_, ctx) => ({ got: await ctx.waitForEvent('history', '', undefined, undefined, '1h') }),
    });
    await engine.work(client, [historian]);

    await client.events.push('history', { number: 1 });
    await client.events.push('history', { number: 2 });
    await engine.db.query(
      `UPDATE event SET created_at = created_at - interval '2 hours' WHERE payload = '{"number":1}'`,
    );
    expect(await historian.run({})).toEqual({ got: { number: 2 } });
  });

  test('with a CEL expression is rejected by name', async () => {
    const client = await engine.client();
    const picky = client.durableTask({
      name: 'picky',
      fn: async (_, ctx) => ({ got: await ctx.waitForEvent('x', 'input.amount > 100') }),
    });
    await engine.work(client, [picky]);

    await expect(picky.run({})).rejects.toEqual([
      expect.stringContaining(
        "CEL expression as a condition of a wait (wait for event x) is not supported by this engine; Hatchet's own engine has it",
      ),
    ]);
  });
});

describe('a wait with several conditions', () => {
  test('ends when any condition of an Or is fulfilled, and names it', async () => {
    const client = await engine.client();
    const either = client.durableTask({
      name: 'either',
      fn: async (_, ctx) => ({ got: await ctx.waitFor(Or({ sleepFor: '1h' }, { eventKey: 'either' })) }),
    });
    await engine.work(client, [either]);

    const ref = await either.runNoWait({});
    await awaited('either');
    await client.events.push('either', { n: 1 });
    expect(await ref.output).toEqual({ got: { CREATE: { either: [{ n: 1 }] } } });
    const { rows } = await engine.db.query(`SELECT FROM durable_condition WHERE sleep_for = '1h'`);
    expect(rows).toEqual([]);
  });

  test('ends when each group has a fulfilled condition', async () => {
    const client = await engine.client();
    const both = client.durableTask({
      name: 'both',
      fn: async (_, ctx) => ({
        got: await ctx.waitFor([
          Or({ eventKey: 'left' }, { eventKey: 'right' }),
          new SleepCondition('1s', 'pause'),
          { eventKey: 'top' },
        ]),
      }),
    });
    await engine.work(client, [both]);

    const ref = await both.runNoWait({});
    await awaited('top');
    await client.events.push('right', { from: 'right' });
    await client.events.push('top', { from: 'top' });
    expect(await ref.output).toEqual({
      got: {
        CREATE: { right: [{ from: 'right' }], top: [{ from: 'top' }], pause: [{ sleep_duration: '1s' }] },
      },
    });
  });

  test('can be one of several at a time', async () => {
    const client = await engine.client();
    const parallel = client.durableTask({
      name: 'parallel',
      fn: async (_, ctx) => {
        const order: string[] = [];
        const wait = async (key: string) => {
          await ctx.waitForEvent(key);
          order.push(key);
        };
        await Promise.all(['p1', 'p2', 'p3', 'p4'].map(wait));
        return { order };
      },
    });
    await engine.work(client, [parallel]);

    const ref = await parallel.runNoWait({});
    await awaited('p4');
    for (const key of ['p3', 'p1', 'p4', 'p2']) {
      await client.events.push(key, {});
      await awaited(key, 0);
    }
    expect(await ref.output).toEqual({ order: ['p3', 'p1', 'p4', 'p2'] });
  });
});

describe('a memo', () => {
  test('is computed once, however often the task is retried', async () => {
    const client = await engine.client();
    const times: string[] = [];
    const forgetful = client.durableTask({
      name: 'forgetful',
      retries: 2,
      fn: async (_, ctx) => {
        times.push((await ctx.now()).toISOString());
        if (ctx.retryCount() < 2) throw new Error('again');
        return {};
      },
    });
    await engine.work(client, [forgetful]);

    await forgetful.run({});
    expect(times).toHaveLength(3);
    expect(new Set(times).size).toBe(1);
  });
});

describe('a child of a durable task', () => {
  test('returns its output: of one task unchanged, of a DAG by task name', async () => {
    const client = await engine.client();
    const single = client.task({ name: 'single', fn: async ({ n }: { n: number }) => ({ double: n * 2 }) });
    const dag = client.workflow({ name: 'dag' });
    const first = dag.task({ name: 'first', fn: async () => ({ a: 1 }) });
    dag.task({ name: 'second', parents: [first], fn: async () => ({ b: 2 }) });
    const parent = client.durableTask({
      name: 'parent',
      fn: async (_, ctx) => ({
        one: await ctx.spawnChild(single, { n: 1 }),
        many: await ctx.spawnChildren([2, 3].map((n) => ({ workflow: single, input: { n } }))),
        dag: await ctx.spawnChild(dag, {}),
        run: await single.run({ n: 4 }),
      }),
    });
    await engine.work(client, [parent, single, dag]);

    expect(await parent.run({})).toEqual({
      one: { double: 2 },
      many: [{ double: 4 }, { double: 6 }],
      dag: { first: { a: 1 }, second: { b: 2 } },
      run: { double: 8 },
    });
  });

  test('that fails makes the spawning call throw its error', async () => {
    const client = await engine.client();
    const broken = client.task({
      name: 'broken',
      fn: async () => {
        throw new Error('out of paper');
      },
    });
    const careful = client.durableTask({
      name: 'careful',
      fn: async (_, ctx) => ({
        caught: await ctx.spawnChild(broken, {}).then(
          () => 'nothing',
          (error: Error) => error.message,
        ),
      }),
    });
    await engine.work(client, [careful, broken]);

    expect(await careful.run({})).toEqual({ caught: 'out of paper' });
  });

  test('is spawned once, however often its parent is retried', async () => {
    const client = await engine.client();
    let spawned = 0;
    const child = client.task({ name: 'only', fn: async () => ({ number: ++spawned }) });
    const parent = client.durableTask({
      name: 'insistent',
      retries: 1,
      fn: async (_, ctx) => {
        const child1 = await ctx.spawnChild(child, {});
        const child2 = await ctx.spawnChild(child, {}, { key: 'k' });
        const same = await ctx.spawnChild(child, {}, { key: 'k' });
        if (ctx.retryCount() === 0) throw new Error('again');
        return { child1, child2, same };
      },
    });
    await engine.work(client, [parent, child]);

    expect(await parent.run({})).toEqual({ child1: { number: 1 }, child2: { number: 2 }, same: { number: 2 } });
  });

  test('of an unknown workflow makes the spawning call throw', async () => {
    const client = await engine.client();
    const lost = client.durableTask({
      name: 'lost',
      fn: async (_, ctx) => ({ x: await ctx.spawnChild('nobody', {}) }),
    });
    await engine.work(client, [lost]);

    await expect(lost.run({})).rejects.toEqual([expect.stringContaining('workflow names not found: nobody')]);
  });
});

describe('a durable task', () => {
  test('that makes another request than before fails, with both requests in the error', async () => {
    const client = await engine.client();
    const errors: unknown[] = [];
    const fickle = client.durableTask({
      name: 'fickle',
      retries: 1,
      fn: async (_, ctx) => {
        if (ctx.retryCount() === 0) {
          await ctx.now();
          throw new Error('again');
        }
        await ctx.waitForEvent('never').catch((error) => {
          errors.push(error);
          throw error;
        });
        return {};
      },
    });
    await engine.work(client, [fickle]);

    const told =
      /non-determinism error in task .* at node 1:1\\n {2}expected: a remembered value\\n {2}received: a wait \(event never\)/;
    await expect(fickle.run({})).rejects.toEqual([expect.stringMatching(told)]);
    expect(errors).toEqual([expect.any(NonDeterminismError)]);
  });

  test('can be cancelled while it waits', async () => {
    const client = await engine.client();
    const aborted = Promise.withResolvers<void>();
    const idle = client.durableTask({
      name: 'idle',
      fn: async (_, ctx) => {
        ctx.abortController.signal.addEventListener('abort', () => aborted.resolve());
        await ctx.waitForEvent('cancelled');
        return {};
      },
    });
    await engine.work(client, [idle]);

    const ref = await idle.runNoWait({});
    await awaited('cancelled');
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    await admin.cancelTasks({ externalIds: [await ref.getWorkflowRunId()] });
    expect(await ref.output).toEqual({});
    await aborted.promise;
  });

  test('can be a step of a DAG, and occupies a durable slot', async () => {
    const client = await engine.client();
    const mixed = client.workflow({ name: 'mixed' });
    const plain = mixed.task({ name: 'plain', fn: async () => ({ n: 1 }) });
    mixed.durableTask({
      name: 'durable',
      parents: [plain],
      fn: async (_, ctx) => {
        await ctx.sleepFor('1s');
        return { n: (await ctx.parentOutput(plain)).n + 1 };
      },
    });
    await engine.work(client, [mixed], { slots: 1, durableSlots: 1 });

    expect(await mixed.run({})).toEqual({ plain: { n: 1 }, durable: { n: 2 } });
    const { rows } = await engine.db.query(`SELECT slots FROM worker ORDER BY registered_at DESC LIMIT 1`);
    expect(rows).toEqual([{ slots: { default: 1, durable: 1 } }]);
  });
});
