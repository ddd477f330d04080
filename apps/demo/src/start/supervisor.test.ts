import { expect, it } from 'vitest';
import { Teardown } from './supervisor.ts';

it('a teardown runs its steps in reverse order, once, even if one fails', async () => {
  const done: string[] = [];
  const teardown = new Teardown();
  teardown.add(() => void done.push('first'));
  teardown.add(async () => {
    throw new Error('stuck');
  });
  teardown.add(() => void done.push('last'));
  expect(await teardown.run()).toEqual([new Error('stuck')]);
  expect(await teardown.run()).toEqual([]);
  expect(done).toEqual(['last', 'first']);
});
