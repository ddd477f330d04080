import { expect, it } from 'vitest';
import { Resources } from './resources.ts';

it('resources stop in reverse order, each once, even if one of them fails to stop', async () => {
  const resources = new Resources();
  const stopped: string[] = [];
  for (const name of ['database', 'engine', 'worker']) {
    resources.defer(() => {
      stopped.push(name);
      if (name === 'engine') throw new Error('engine hangs');
    });
  }
  await expect(resources.stop()).rejects.toThrow('engine hangs');
  await resources.stop();
  expect(stopped).toEqual(['worker', 'engine', 'database']);
});

it('resources that fail to stop are all named in one error', async () => {
  const resources = new Resources();
  resources.use({ stop: () => Promise.reject(new Error('port in use')) });
  resources.use({ stop: () => Promise.reject(new Error('disk full')) });
  await expect(resources.stop()).rejects.toThrow('Error: disk full\nError: port in use');
});
