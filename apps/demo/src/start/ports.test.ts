import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './ports.ts';

it('a port that is taken is an error that names the variable to choose another with', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(freePort(port, 'SERVER_PORT')).rejects.toThrow(
    `port ${port} is taken by another process: end what uses it, or choose another one with SERVER_PORT`,
  );
  server.close();
  await once(server, 'close');
  expect(await freePort(port, 'SERVER_PORT')).toBe(port);
});

it('port 0 is any that is free', async () => {
  expect(await freePort(0, 'SERVER_PORT')).toBeGreaterThan(0);
});
