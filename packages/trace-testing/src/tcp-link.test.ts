import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { Resources } from './resources.ts';
import { TcpLink } from './tcp-link.ts';

const resources = new Resources();
afterEach(() => resources.stop());

it('a slow link forwards all bytes in order, delayed in both directions', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => void server.close());
  const to = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = resources.use(await TcpLink.start({ to, delayMs: 200 }));

  const socket = connect(Number(link.address.split(':')[1]), '127.0.0.1');
  const sentAt = performance.now();
  for (let n = 0; n < 100; n++) socket.write(`${n} `);
  socket.end();
  await once(socket, 'readable');
  // a timer may be a millisecond early
  expect(performance.now() - sentAt).toBeGreaterThan(390);
  expect(await text(socket)).toBe(Array.from({ length: 100 }, (_, n) => `${n} `).join(''));
});

it('a silenced link forwards nothing on present connections and everything on new ones', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => void server.close());
  const link = resources.use(await TcpLink.start({ to: `127.0.0.1:${(server.address() as AddressInfo).port}` }));
  const port = Number(link.address.split(':')[1]);
  const ask = async (socket: Socket, question: string) => {
    socket.write(question);
    return String((await once(socket, 'data'))[0]);
  };

  const old = connect(port, '127.0.0.1');
  expect(await ask(old, 'before')).toBe('before');
  expect(link.silence()).toBe(1);
  const heard: string[] = [];
  old.on('data', (bytes) => heard.push(String(bytes))).once('close', () => heard.push('closed'));
  old.write('lost');
  expect(await ask(connect(port, '127.0.0.1'), 'after')).toBe('after');
  expect(heard).toEqual([]);
});

it('a slow link to a port that nobody listens on closes the connection', async () => {
  const link = resources.use(await TcpLink.start({ to: '127.0.0.1:1', delayMs: 1 }));
  const socket = connect(Number(link.address.split(':')[1]), '127.0.0.1').resume();
  await once(socket, 'close');
});
