import { expect, it } from 'vitest';
import { Teardown } from './teardown.ts';

it('undoes everything in reverse order, once, whatever fails', async () => {
  const done: string[] = [];
  const teardown = new Teardown();
  teardown.add(() => void done.push('first'));
  teardown.add(async () => {
    throw new Error('stuck');
  });
  teardown.add(() => void done.push('last'));
  await expect(teardown.run()).rejects.toThrow('stuck');
  await teardown.run();
  expect(done).toEqual(['last', 'first']);
});
