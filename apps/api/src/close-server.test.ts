import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServer } from './close-server.ts';

/** Milliseconds; longer than a test may take. */
const NEVER = 600_000;

let server: Server;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
});

describe('a closing server', () => {
  it('answers a request under way, and closes its keep-alive connection', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const request = await serve(async () => {
      arrived.resolve();
      await answered;
    });
    const response = request();
    await arrived.promise;
    const closed = closeServer(server, NEVER);
    answer();
    expect((await response).statusCode).toBe(200);
    await closed;
  });

  it('lets a pipelining client finish, and asks it to use another connection', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const arrivals = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    await serve(() => {
      arrivals[asked++]?.resolve();
      return answered;
    });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /1 HTTP/1.1\r\nhost: test\r\n\r\n');
    await arrivals[0]?.promise;
    const closed = closeServer(server, NEVER);
    socket.write('GET /2 HTTP/1.1\r\nhost: test\r\n\r\n');
    await arrivals[1]?.promise;
    answer();
    const answers = (await text(socket)).match(/200 OK|connection: [\w-]+/gi);
    expect(answers).toEqual(['200 OK', 'Connection: keep-alive', '200 OK', 'Connection: close']);
    await closed;
  });

  it('closes connections with a request under way after the grace period', async () => {
    const arrived = Promise.withResolvers<void>();
    const request = await serve(async () => {
      arrived.resolve();
      await new Promise(() => {});
    });
    const response = request().catch((error: NodeJS.ErrnoException) => error.code);
    await arrived.promise;
    await closeServer(server, 10);
    expect(await response).toBe('ECONNRESET');
  });
});

/** Starts a server; returns a function that sends a request to it. */
async function serve(handle: () => Promise<void>): Promise<() => Promise<IncomingMessage>> {
  server = createServer((_, response) => void handle().then(() => response.end('ok')));
  server.keepAliveTimeout = NEVER; // so that closeServer, not this timeout, closes the connection
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async () => {
    const request = get({ port, host: '127.0.0.1', agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response;
  };
}
