import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Authenticated } from './authentication.ts';
import { component } from './components.ts';
import type { Dependencies } from './dependencies.ts';
import { JsonPieces, route } from './route.ts';

const ANSWER = component('PiecesForTest', z.record(z.string(), z.unknown()));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.restoreAllMocks();
});

/** Serves these pieces. */
async function serve(pieces: () => AsyncGenerator<string>) {
  const log = vi.fn();
  const pieceRoute = route({
    id: 'pieces',
    method: 'get',
    path: '/pieces',
    summary: 'Returns pieces',
    answer: ANSWER,
    handle: () => new JsonPieces(pieces()),
  });
  const dependencies = { logger: { error: log } } as unknown as Dependencies;
  const app = new Hono<Authenticated>().get('/pieces', (c) => pieceRoute.respond(c, dependencies));
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return { log, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/pieces` };
}

it('sends the pieces as one JSON text', async () => {
  const { url } = await serve(async function* () {
    yield '{"a":';
    yield '1}';
  });
  expect(await (await fetch(url)).json()).toEqual({ a: 1 });
});

it('breaks the connection when a piece fails, and writes the error to the log only', async () => {
  const console = vi.spyOn(globalThis.console, 'error');
  const { url, log } = await serve(async function* () {
    yield '{"a":';
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('secret of the database');
  });
  const response = await fetch(url);
  const text = await response.text().catch((error: Error) => error.name);
  expect(text).toBe('TypeError');
  expect(log.mock.lastCall).toMatchObject([{ err: { message: 'secret of the database' } }, expect.any(String)]);
  expect(console).not.toHaveBeenCalled();
});

it('ends the reading when the client goes away', async () => {
  const ended = Promise.withResolvers<void>();
  const { url } = await serve(async function* () {
    try {
      while (true) yield 'x'.repeat(100_000);
    } finally {
      ended.resolve();
    }
  });
  const client = new AbortController();
  const response = await fetch(url, { signal: client.signal });
  await response.body!.getReader().read();
  client.abort();
  await ended.promise;
});
