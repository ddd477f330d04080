import type { Queryable } from '@hatchet-ts/storage';
import { expect, test } from 'vitest';
import { Queue } from './queue.ts';

const database = (query: () => Promise<unknown>) => ({ query }) as unknown as Queryable;

test('an item that fails by itself is reported, and the others of its batch are handled', async () => {
  const handled: string[] = [];
  const errors: unknown[] = [];
  const last = Promise.withResolvers<void>();
  const handle = async (batch: readonly string[]) => {
    if (batch.includes('broken')) throw new Error('broken');
    handled.push(...batch);
    if (handled.includes('later')) last.resolve();
  };
  const queue = new Queue(
    database(async () => {}),
    handle,
    (error) => errors.push(error),
  );
  queue.push('a', 'broken', 'b');
  queue.push('later');
  await last.promise;
  await queue.stop();
  expect(handled).toEqual(['a', 'b', 'later']);
  expect(errors).toEqual([new Error('broken')]);
});

test('without a database all items stay for the next round', async () => {
  const handled: string[] = [];
  const done = Promise.withResolvers<void>();
  let away = true;
  const handle = async (batch: readonly string[]) => {
    if (away) throw new Error('away');
    handled.push(...batch);
    done.resolve();
  };
  const queue = new Queue(
    database(() => Promise.reject(new Error('away'))),
    handle,
    () => {
      away = false;
    },
  );
  queue.push('a', 'b');
  await done.promise;
  await queue.stop();
  expect(handled).toEqual(['a', 'b']);
});
