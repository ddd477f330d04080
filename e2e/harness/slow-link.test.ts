import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { Resources } from '@hatchet-ts/trace-testing';
import { afterEach, expect, it } from 'vitest';
import { SlowLink } from './slow-link.ts';

const resources = new Resources();
afterEach(() => resources.stop());

it('a slow link forwards all bytes in order, delayed in both directions', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => void server.close());
  const to = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = resources.use(await SlowLink.start({ to, delayMs: 200 }));

  const socket = connect(Number(link.address.split(':')[1]), '127.0.0.1');
  const sentAt = performance.now();
  for (let n = 0; n < 100; n++) socket.write(`${n} `);
  socket.end();
  await once(socket, 'readable');
  // a timer may be a millisecond early
  expect(performance.now() - sentAt).toBeGreaterThan(390);
  expect(await text(socket)).toBe(Array.from({ length: 100 }, (_, n) => `${n} `).join(''));
});

it('a slow link to a port that nobody listens on closes the connection', async () => {
  const link = resources.use(await SlowLink.start({ to: '127.0.0.1:1', delayMs: 1 }));
  const socket = connect(Number(link.address.split(':')[1]), '127.0.0.1').resume();
  await once(socket, 'close');
});
