import { expect, it } from 'vitest';
import { Resources } from './resources.ts';

it('resources stop in reverse order, each once, also when one of them fails to', async () => {
  const resources = new Resources();
  const stopped: string[] = [];
  for (const name of ['database', 'engine', 'worker']) {
    resources.defer(async () => {
      stopped.push(name);
      if (name === 'engine') throw new Error('engine hangs');
    });
  }
  await expect(resources.stop()).rejects.toThrow('engine hangs');
  await resources.stop();
  expect(stopped).toEqual(['worker', 'engine', 'database']);
});
