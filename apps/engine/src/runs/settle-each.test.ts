import type { Queryable } from '@hatchet-ts/storage';
import { expect, test } from 'vitest';
import { createSettleEach } from './settle-each.ts';
import type { RunInput } from './state.ts';

const inputs = ['a', 'broken', 'b'].map((runId): RunInput => ({ runId, event: { kind: 'cancelled' } }));
const database = (query: () => Promise<unknown>) => ({ query }) as unknown as Queryable;

test('a run that cannot be settled is reported, and the others are settled', async () => {
  const settled: string[] = [];
  const errors: unknown[] = [];
  const settle = async (some: readonly RunInput[]) => {
    if (some.some(({ runId }) => runId === 'broken')) throw new Error('a step is missing');
    settled.push(...some.map(({ runId }) => runId));
  };
  const settleEach = createSettleEach(
    database(async () => {}),
    settle,
    (error) => errors.push(error),
  );
  expect(await settleEach(inputs)).toEqual([inputs[1]]);
  expect(settled).toEqual(['a', 'b']);
  expect(errors).toEqual([
    new Error('run broken cannot be settled; other runs go on, this one is tried again in 60 s'),
  ]);
});

test('without a database the pass fails at once, and no run is blamed', async () => {
  const errors: unknown[] = [];
  let attempts = 0;
  const settle = async () => {
    attempts += 1;
    throw new Error('away');
  };
  const away = database(() => Promise.reject(new Error('away')));
  await expect(createSettleEach(away, settle, (error) => errors.push(error))(inputs)).rejects.toThrow('away');
  expect(attempts).toBe(2);
  expect(errors).toEqual([]);
});
