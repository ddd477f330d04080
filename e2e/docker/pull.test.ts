import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { getContainerRuntimeClient } from 'testcontainers';
import { expect, it } from 'vitest';
import { pull } from './pull.ts';

const docker = await getContainerRuntimeClient();

it('a pull from a registry that never answers is aborted', async () => {
  const registry = createServer(() => {});
  await once(registry.listen(0, '127.0.0.1'), 'listening');
  const { port } = registry.address() as AddressInfo;
  try {
    await expect(pull(docker, `127.0.0.1:${port}/nobody/nothing:1`, 300)).rejects.toThrow(
      /no progress within 0.3 s|refused/, // refused by the virtual machine of Docker Desktop
    );
  } finally {
    registry.close();
  }
});

it('a pull of a missing image fails with the error of the engine', async () => {
  await expect(pull(docker, '127.0.0.1:1/nobody/nothing:1', 60_000)).rejects.toThrow(/refused/);
});
