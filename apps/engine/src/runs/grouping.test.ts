import { expect, test } from 'vitest';
import { createGrouping, type GroupingOptions } from './grouping.ts';

/** Work that ends when the test says so: what went together, and how to let the oldest go. */
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

test('callers go one by one while there are lanes, and together once these are busy', async () => {
  const { options, statements, finish } = slowWork();
  const group = createGrouping(options);
  const answers = Promise.all([1, 2, 3, 4, 5].map(group));
  expect(statements).toEqual([[1], [2]]);
  await finish();
  expect(statements).toEqual([[1], [2], [3, 4, 5]]);
  await finish();
  await finish();
  expect(await answers).toEqual(['did 1', 'did 2', 'did 3', 'did 4', 'did 5']);
  // the lanes are free again
  const next = [group(6), group(7)];
  expect(statements.slice(3)).toEqual([[6], [7]]);
  await finish();
  await finish();
  await Promise.all(next);
});

test('a group is no larger than it may be', async () => {
  const { options, statements, finish } = slowWork();
  const group = createGrouping({ ...options, lanes: 1, most: 2 });
  const answers = Promise.all([1, 2, 3, 4].map(group));
  for (let statement = 0; statement < 3; statement++) await finish();
  expect(statements).toEqual([[1], [2, 3], [4]]);
  await answers;
});

test('one that cannot be done fails alone, its neighbours are served', async () => {
  const { options, statements, finish } = slowWork((items) => items.includes(3));
  const group = createGrouping({ ...options, lanes: 1 });
  const answers = Promise.allSettled([1, 2, 3, 4].map(group));
  for (let statement = 0; statement < 5; statement++) await finish();
  expect(statements).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  expect(await answers).toMatchObject([
    { value: 'did 1' },
    { value: 'did 2' },
    { reason: new Error('cannot do 3') },
    { value: 'did 4' },
  ]);
});

test('a caller that fails alone leaves its lane', async () => {
  const { options, finish } = slowWork((items) => items.includes(1));
  const group = createGrouping({ ...options, lanes: 1 });
  const failing = expect(group(1)).rejects.toThrow('cannot do 1');
  const waiting = group(2);
  await finish();
  await failing;
  await finish();
  expect(await waiting).toBe('did 2');
});
