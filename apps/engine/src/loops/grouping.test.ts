import { expect, test } from 'vitest';
import { Grouping, type GroupingOptions } from './grouping.ts';

/** Work that the test finishes: the statements so far, and a function that finishes the oldest. */
function slowWork(fails: (items: readonly number[]) => boolean = () => false) {
  const statements: number[][] = [];
  const gates: (() => void)[] = [];
  const options: GroupingOptions<number, string> = {
    name: 'handle-task-completed',
    async work(items) {
      statements.push([...items]);
      await new Promise<void>((open) => gates.push(open));
      if (fails(items)) throw new Error(`cannot do ${items.join(' and ')}`);
      return items.map((item) => `did ${item}`);
    },
    linkTo: () => undefined,
    lanes: 2,
  };
  const finish = async () => {
    gates.shift()!();
    await new Promise(setImmediate);
  };
  return { options, statements, finish };
}

test('callers are served individually while lanes are free, and as a group once all are busy', async () => {
  const { options, statements, finish } = slowWork();
  const grouping = new Grouping(options);
  const results = Promise.all([1, 2, 3, 4, 5].map((item) => grouping.run(item)));
  expect(statements).toEqual([[1], [2]]);
  await finish();
  expect(statements).toEqual([[1], [2], [3, 4, 5]]);
  await finish();
  await finish();
  expect(await results).toEqual(['did 1', 'did 2', 'did 3', 'did 4', 'did 5']);
  // the lanes are free again
  const next = [grouping.run(6), grouping.run(7)];
  expect(statements.slice(3)).toEqual([[6], [7]]);
  await finish();
  await finish();
  await Promise.all(next);
});

test('a group has at most the configured number of items', async () => {
  const { options, statements, finish } = slowWork();
  const grouping = new Grouping({ ...options, lanes: 1, most: 2 });
  const results = Promise.all([1, 2, 3, 4].map((item) => grouping.run(item)));
  for (let statement = 0; statement < 3; statement++) await finish();
  expect(statements).toEqual([[1], [2, 3], [4]]);
  await results;
});

test('a bad item fails alone, and the other members of its group are served', async () => {
  const { options, statements, finish } = slowWork((items) => items.includes(3));
  const grouping = new Grouping({ ...options, lanes: 1 });
  const results = Promise.allSettled([1, 2, 3, 4].map((item) => grouping.run(item)));
  for (let statement = 0; statement < 5; statement++) await finish();
  expect(statements).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  expect(await results).toMatchObject([
    { value: 'did 1' },
    { value: 'did 2' },
    { reason: new Error('cannot do 3') },
    { value: 'did 4' },
  ]);
});

test('a failing caller frees its lane', async () => {
  const { options, finish } = slowWork((items) => items.includes(1));
  const grouping = new Grouping({ ...options, lanes: 1 });
  const failing = expect(grouping.run(1)).rejects.toThrow('cannot do 1');
  const waiting = grouping.run(2);
  await finish();
  await failing;
  await finish();
  expect(await waiting).toBe('did 2');
});
