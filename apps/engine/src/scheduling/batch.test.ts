import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from '../testing/engine.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

describe('a batch task', () => {
  test('receives as many runs as fit, and each run gets its own result', async () => {
    const client = await engine.client();
    const sizes: number[] = [];
    const double = client.task({
      name: 'double',
      batch: { maxSize: 3 },
      fn: async (inputs: Record<string, { n: number }>) => {
        sizes.push(Object.keys(inputs).length);
        return Object.fromEntries(Object.entries(inputs).map(([id, { n }]) => [id, { twice: n * 2 }]));
      },
    });
    await engine.work(client, [double], { slots: 1 });

    const results = await double.run([1, 2, 3, 4, 5, 6].map((n) => ({ n })) as never);
    expect(results).toEqual([2, 4, 6, 8, 10, 12].map((twice) => ({ twice })));
    expect(sizes).toEqual([3, 3]);
  });

  test('waits no longer than its interval', async () => {
    const client = await engine.client();
    const eager = client.task({
      name: 'eager',
      batch: { maxSize: 100, maxInterval: '1s' },
      fn: async (inputs: object) =>
        Object.fromEntries(Object.keys(inputs).map((id) => [id, { size: Object.keys(inputs).length }])),
    });
    await engine.work(client, [eager]);

    const before = performance.now();
    expect(await eager.run([{}, {}] as never)).toEqual([{ size: 2 }, { size: 2 }]);
    expect(performance.now() - before).toBeGreaterThan(950);
  });

  test('groups runs by the value that its group key names', async () => {
    const client = await engine.client();
    const batches: string[][] = [];
    const grouped = client.task({
      name: 'grouped',
      batch: { maxSize: 2, groupKey: 'input.customer.name' },
      fn: async (inputs: Record<string, { customer: { name: string } }>) => {
        batches.push(Object.values(inputs).map(({ customer }) => customer.name));
        return Object.fromEntries(Object.keys(inputs).map((id) => [id, {}]));
      },
    });
    await engine.work(client, [grouped]);

    await grouped.run(['a', 'b', 'a', 'b'].map((name) => ({ customer: { name } })) as never);
    expect(batches.toSorted()).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
  });

  test('fails a run whose group key is not text, and no other', async () => {
    const client = await engine.client();
    const grouped = client.task({
      name: 'group-of-text',
      batch: { maxSize: 1, groupKey: 'input.group' },
      fn: async (inputs: Record<string, { group: string }>) =>
        Object.fromEntries(Object.keys(inputs).map((id) => [id, {}])),
    });
    await engine.work(client, [grouped]);

    const refs = await grouped.runNoWait([{ group: 123 }, { group: 'a' }, {}] as never);
    const outcomes = await Promise.allSettled(
      (refs as unknown as { output: Promise<unknown> }[]).map((ref) => ref.output),
    );
    const failed = 'failed to parse batch group key expression (input.group)';
    expect(outcomes).toEqual([
      { status: 'rejected', reason: [`${failed}: expected string output for batch key, got int`] },
      { status: 'fulfilled', value: {} },
      { status: 'rejected', reason: [`${failed}: no such key: group`] },
    ]);
  });

  test('that throws fails all its runs', async () => {
    const client = await engine.client();
    const broken = client.task({
      name: 'broken',
      batch: { maxSize: 2 },
      fn: async (): Promise<never> => {
        throw new Error('out of paper');
      },
    });
    await engine.work(client, [broken]);

    const refs = await broken.runNoWait([{}, {}] as never);
    const outcomes = await Promise.allSettled(
      (refs as unknown as { output: Promise<unknown> }[]).map((ref) => ref.output),
    );
    expect(outcomes).toEqual([
      { status: 'rejected', reason: [expect.stringContaining('out of paper')] },
      { status: 'rejected', reason: [expect.stringContaining('out of paper')] },
    ]);
  });

  test('runs an incomplete batch once its interval has passed, on a worker that connects later', async () => {
    const client = await engine.client();
    const late = client.task({
      name: 'late',
      batch: { maxSize: 2, maxInterval: '1s' },
      fn: async (inputs: object) =>
        Object.fromEntries(Object.keys(inputs).map((id) => [id, { size: Object.keys(inputs).length }])),
    });
    await (await engine.work(client, [late])).stop();
    const refs = await late.runNoWait([{}, {}, {}] as never);
    await engine.work(await engine.client(), [late]);

    const outputs = (refs as unknown as { output: Promise<unknown> }[]).map((ref) => ref.output);
    expect(await Promise.all(outputs)).toEqual([{ size: 2 }, { size: 2 }, { size: 1 }]);
  });

  test('can be a step of a DAG', async () => {
    const client = await engine.client();
    const dag = client.workflow({ name: 'batched-dag' });
    const first = dag.task({ name: 'first', fn: async () => ({ n: 1 }) });
    dag.task({
      name: 'second',
      parents: [first],
      batch: { maxSize: 2 },
      fn: async (inputs: Record<string, object>) =>
        Object.fromEntries(Object.keys(inputs).map((id) => [id, { ok: true }])),
    } as never);
    await engine.work(client, [dag]);

    expect(await dag.run([{}, {}] as never)).toEqual([
      { first: { n: 1 }, second: { ok: true } },
      { first: { n: 1 }, second: { ok: true } },
    ]);
  });

  test('goes to a worker with the desired labels', async () => {
    const client = await engine.client();
    const picky = client.task({
      name: 'picky',
      batch: { maxSize: 2 },
      desiredWorkerLabels: { gpu: { value: 'yes', required: true } },
      fn: async (inputs: object, ctx) => {
        const labels = JSON.stringify(ctx.worker.labels());
        return Object.fromEntries(Object.keys(inputs).map((id) => [id, { labels }])) as never;
      },
    });
    await engine.work(client, [picky], { labels: { gpu: 'no' } });
    await engine.work(await engine.client(), [picky], { labels: { gpu: 'yes' } });

    expect(await picky.run([{}, {}] as never)).toEqual([{ labels: '{"gpu":"yes"}' }, { labels: '{"gpu":"yes"}' }]);
  });
});
