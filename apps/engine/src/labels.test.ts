import { WorkerLabelComparator } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { affinityText, suitability } from './placement/affinity.ts';
import { type EngineFixture, engineFixture } from './testing/engine.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

const { GREATER_THAN } = WorkerLabelComparator;

describe('a task with desired labels', () => {
  test('goes only to a worker with the required labels, and blocks no other task meanwhile', async () => {
    const client = await engine.client();
    const picky = client.task({
      name: 'picky',
      desiredWorkerLabels: {
        model: { value: 'large', required: true },
        memory: { value: 256, required: true, comparator: GREATER_THAN },
      },
      fn: async (_, ctx) => ({ worker: ctx.worker.labels() }),
    });
    const easy = client.task({ name: 'easy', fn: async () => ({ ok: true }) });
    const worker = await engine.work(client, [picky, easy], { labels: { model: 'large', memory: 256 } });
    const refs = [await picky.runNoWait({}), await picky.runNoWait({})];
    expect(await easy.run({})).toEqual({ ok: true });
    expect(await statuses('picky')).toEqual(['QUEUED', 'QUEUED']);

    await worker._internal.upsertLabels({ model: 'large', memory: 512 });
    expect(await Promise.all(refs.map((ref) => ref.output))).toHaveLength(2);
  });

  test('goes to the most suitable worker while that has room', async () => {
    const client = await engine.client();
    const seen: string[] = [];
    const make = (where: string) =>
      client.task({
        name: 'preferring',
        desiredWorkerLabels: { where: { value: 'near', weight: 10 } },
        fn: async () => {
          seen.push(where);
          return {};
        },
      });
    await engine.work(client, [make('far')], { slots: 100, labels: { where: 'far' } });
    const near = make('near');
    await engine.work(client, [near], { slots: 5, labels: { where: 'near' } });
    for (const _ of [1, 2, 3]) await near.run({});
    expect(seen).toEqual(['near', 'near', 'near']);
  });

  test('can have them overridden by its run', async () => {
    const client = await engine.client();
    const make = (where: string) => client.task({ name: 'told', fn: async () => ({ where }) });
    await engine.work(client, [make('a')], { labels: { zone: 'a' } });
    const b = make('b');
    await engine.work(client, [b], { slots: 1, labels: { zone: 'b' } });
    for (const zone of ['a', 'b', 'a', 'b']) {
      expect(await b.run({}, { desiredWorkerLabels: { zone: { value: zone, required: true } } })).toEqual({
        where: zone,
      });
    }
  });
});

test('labels are compared by value and type; optional ones only add weight', () => {
  const wants = (value: string | number, comparator: '=' | '!=' | '>' | '<=', required = true) =>
    affinityText({ label: { value, comparator, required, weight: 7 } });
  expect(suitability(wants('a', '='), { label: 'a' })).toBe(7);
  expect(suitability(wants('a', '='), { label: 'b' })).toBeUndefined();
  expect(suitability(wants('a', '!='), { label: 'b' })).toBe(7);
  expect(suitability(wants(5, '='), { label: '5' })).toBeUndefined();
  expect(suitability(wants(5, '>'), { label: 6 })).toBe(7);
  expect(suitability(wants(5, '<='), { label: 6 })).toBeUndefined();
  expect(suitability(wants('a', '='), {})).toBeUndefined();
  expect(suitability(wants('a', '=', false), {})).toBe(0);
  expect(suitability(affinityText(), { label: 'a' })).toBe(0);
});

test('desired labels have one canonical text, whatever their order', () => {
  const label = { value: 1, comparator: '=', required: true, weight: 1 } as const;
  expect(affinityText({ a: label, b: label })).toBe(affinityText({ b: label }, { a: label }));
  expect(affinityText({}, undefined)).toBe('');
});

test('queued tasks of a higher priority are assigned first', async () => {
  const client = await engine.client();
  const order: number[] = [];
  const started = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const task = client.task({
    name: 'urgent',
    defaultPriority: 2,
    fn: async ({ n }: { n: number }) => {
      if (n === 0) {
        started.resolve();
        await go.promise;
      }
      order.push(n);
      return {};
    },
  });
  await engine.work(client, [task], { slots: 1 });
  const first = await task.runNoWait({ n: 0 });
  await started.promise;
  const runs = [
    await task.runNoWait({ n: 1 }, { priority: 1 }),
    await task.runNoWait({ n: 2 }),
    await task.runNoWait({ n: 3 }, { priority: 3 }),
  ];
  go.resolve();
  await Promise.all([first, ...runs].map((ref) => ref.output));
  expect(order).toEqual([0, 3, 2, 1]);
});

async function statuses(workflow: string): Promise<string[]> {
  const { rows } = await engine.db.query<{ status: string }>('SELECT status FROM run WHERE workflow_name = $1', [
    workflow,
  ]);
  return rows.map(({ status }) => status);
}
