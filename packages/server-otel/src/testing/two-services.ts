/*
 * A program for tests: an HTTP service that calls a gRPC service, both in this process, with the telemetry that the
 * environment configures. Prints the headers that the last service would send, and the loaded modules.
 */
import { createRequire } from 'node:module';
import { grpcServerTracing, httpServerTracing, newTraceContext, runSpan, startServerTelemetry } from '../index.ts';
import { EchoService } from './echo-service.ts';
import { outgoingHeaders } from './outgoing-headers.ts';

const telemetry = startServerTelemetry();
const { Hono } = await import('hono');
const { serve } = await import('@hono/node-server');
const { createChannel, createClient, createServer } = await import('nice-grpc');

const grpc = createServer().use(grpcServerTracing());
const unused = () => {
  throw new Error('not part of this program');
};
grpc.add(EchoService, {
  unary: () => runSpan('ingest-event', {}, async () => ({ text: JSON.stringify(outgoingHeaders()) })),
  serverStream: unused,
  clientStream: unused,
  bidi: unused,
});
const channel = createChannel(`127.0.0.1:${await grpc.listen('127.0.0.1:0')}`);
const client = createClient(EchoService, channel);

const app = new Hono();
app.use(httpServerTracing());
app.get('/', async (c) => c.text((await runSpan('queue', {}, () => client.unary({ text: '' }))).text));
const http = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
await new Promise((listening) => http.once('listening', listening));
const { port } = http.address() as { port: number };

const ask = async (headers: Record<string, string>) =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers })).json() as Promise<unknown>;
const received = { traceparent: process.argv[2] ?? '', tracestate: 'vendor=1' };
const answers = { continued: await ask(received), begun: await ask({}), created: newTraceContext().traceFlags };

http.close();
channel.close();
grpc.forceShutdown();
await telemetry.shutdown();
const modules = Object.keys(createRequire(import.meta.url).cache).map((path) =>
  path.replace(/^.*\/node_modules\//, ''),
);
console.log(JSON.stringify({ ...answers, modules }));
