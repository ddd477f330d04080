import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './ports.ts';

it('a port in use is an error that names the variable to set', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(freePort(port, 'SERVER_PORT')).rejects.toThrow(
    `port ${port} is in use by another process: stop that process, or set SERVER_PORT to another port`,
  );
  server.close();
  await once(server, 'close');
  expect(await freePort(port, 'SERVER_PORT')).toBe(port);
});

it('port 0 means any free port', async () => {
  expect(await freePort(0, 'SERVER_PORT')).toBeGreaterThan(0);
});
