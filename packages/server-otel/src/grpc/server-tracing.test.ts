import { context, type SpanContext, trace } from '@opentelemetry/api';
import type { Client, ServerMiddleware, ServiceImplementation } from 'nice-grpc';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { authorised, runSpan, withTenant } from '../index.ts';
import { EchoService, type Message } from '../testing/echo-service.ts';
import { outgoingHeaders } from '../testing/outgoing-headers.ts';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';
import type { GrpcServerMiddleware } from './nice-grpc.ts';
import { type GrpcServerTracingOptions, grpcServerTracing } from './server-tracing.ts';
import { messageSpan, streamOpened } from './stream-spans.ts';

let recording: Recording;
const open: Array<() => void> = [];

beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(async () => {
  for (const close of open.splice(0)) close();
  await recording.telemetry.shutdown();
});

type Handlers = ServiceImplementation<typeof EchoService>;

/** Starts a real server and a real client over loopback. */
async function serve(
  handlers: Partial<Handlers>,
  options: GrpcServerTracingOptions = {},
): Promise<Client<typeof EchoService>> {
  const { createChannel, createClient, createServer } = await import('nice-grpc');
  const server = createServer().use(grpcServerTracing(options));
  const missing = () => {
    throw new Error('not part of this test');
  };
  server.add(EchoService, { unary: missing, serverStream: missing, clientStream: missing, bidi: missing, ...handlers });
  const port = await server.listen('127.0.0.1:0');
  const channel = createChannel(`127.0.0.1:${port}`);
  open.push(
    () => channel.close(),
    () => server.forceShutdown(),
  );
  return createClient(EchoService, channel);
}

/** Calls with `traceparent` in the metadata. */
async function metadata(traceparent: string, tracestate?: string) {
  const { Metadata } = await import('nice-grpc');
  return { metadata: new Metadata(tracestate ? { traceparent, tracestate } : { traceparent }) };
}

const echo = async (): Promise<Message> => ({ text: JSON.stringify(outgoingHeaders()) });
const remote = (traceId: string): SpanContext => ({ traceId, spanId: CALLER, traceFlags: 1, isRemote: true });

describe('a unary call', () => {
  it('is one SERVER span below the context of the metadata', async () => {
    const client = await serve({ unary: echo });
    const reply = await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`));
    expect(await recording.tree()).toBe(`test.Echo/Unary SERVER ← ${CALLER}`);
    const [span] = await recording.spans();
    expect(span?.attributes).toMatchObject({
      'rpc.system.name': 'grpc',
      'rpc.method': 'test.Echo/Unary',
      'rpc.status_code': 'OK',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
    });
    expect(JSON.parse(reply.text)).toEqual({ traceparent: `00-${KEPT}-${span?.spanContext().spanId}-01` });
  });

  it.each(['00', '01', '03', 'ff'])(
    'of a dropped trace passes on the received context, flags %s unchanged',
    async (flags) => {
      const client = await serve({ unary: () => runSpan('ingest-event', {}, echo) });
      const received = `00-${DROPPED}-${CALLER}-${flags}`;
      const reply = await client.unary({ text: '' }, await metadata(received, 'vendor=1'));
      expect(JSON.parse(reply.text)).toEqual({ traceparent: received, tracestate: 'vendor=1' });
      expect(await recording.tree()).toBe('');
    },
  );

  it('is recorded by the ratio of this service even if the caller did not record', async () => {
    const client = await serve({ unary: echo });
    await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-00`));
    expect(await recording.tree()).toBe(`test.Echo/Unary SERVER ← ${CALLER}`);
  });

  it('without a context begins a trace, whose flag is clear if it is dropped', async () => {
    await recording.telemetry.shutdown();
    recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0' });
    const client = await serve({ unary: echo });
    const { traceparent } = JSON.parse((await client.unary({ text: '' })).text);
    expect(traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(await recording.tree()).toBe('');
  });

  it('has the spans below in its trace, and prevents those below a dropped call', async () => {
    const nested = () =>
      runSpan('trigger-workflow-run', {}, async () => runSpan('try-assign', {}, async () => ({ text: '' })));
    const client = await serve({ unary: nested });
    await client.unary({ text: '' }, await metadata(`00-${DROPPED}-${CALLER}-01`));
    await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`));
    expect(await recording.tree()).toBe(
      [
        `test.Echo/Unary SERVER ← ${CALLER}`,
        '  hatchet.run/trigger-workflow-run INTERNAL',
        '    hatchet.run/try-assign INTERNAL',
      ].join('\n'),
    );
  });

  it('looks up the parent only if the metadata has none, and does not trace the look-up', async () => {
    const lookedUp: unknown[] = [];
    const parentOf = async (path: string, request: unknown) => {
      lookedUp.push([path, request]);
      await runSpan('queue', {}, async () => {});
      return remote(KEPT);
    };
    const client = await serve({ unary: echo }, { parentOf });
    await client.unary({ text: 'a' }, await metadata(`00-${DROPPED}-${CALLER}-01`));
    expect(lookedUp).toEqual([]);
    await client.unary({ text: 'b' });
    expect(lookedUp).toEqual([['/test.Echo/Unary', { text: 'b' }]]);
    expect(await recording.tree()).toBe(`test.Echo/Unary SERVER ← ${CALLER}`);
  });

  it('has no parent if the look-up fails or returns an invalid context', async () => {
    const parents: Array<() => SpanContext> = [
      () => {
        throw new Error('database away');
      },
      () => ({ ...remote(KEPT), spanId: 'nonsense' }),
    ];
    for (const parentOf of parents) {
      const client = await serve({ unary: echo }, { parentOf });
      await expect(client.unary({ text: '' })).resolves.toBeDefined();
    }
  });

  it.each([
    ['NOT_FOUND', 5, ''],
    ['INVALID_ARGUMENT', 3, ''],
    ['UNAUTHENTICATED', 16, ''],
    ['UNAVAILABLE', 14, ' ERROR'],
    ['INTERNAL', 13, ' ERROR'],
  ])('that answers %s has that status and is an error only for a fault of the server', async (name, code, status) => {
    const { ServerError } = await import('nice-grpc');
    const client = await serve({ unary: async () => Promise.reject(new ServerError(code, 'because')) });
    await expect(client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`))).rejects.toMatchObject({ code });
    expect(await recording.tree()).toBe(`test.Echo/Unary SERVER${status} ← ${CALLER}`);
    const [span] = await recording.spans();
    expect(span?.attributes).toMatchObject({ 'rpc.status_code': name, 'error.type': name });
    expect(span?.events.map((event) => event.name)).toEqual(status === '' ? [] : ['exception']);
  });

  it('that throws anything else is UNKNOWN, as for the caller, even with a numeric code of its own', async () => {
    const failure = Object.assign(new Error('duplicate key'), { code: 5 });
    const client = await serve({ unary: async () => Promise.reject(failure) });
    await expect(client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`))).rejects.toMatchObject({
      code: 2,
    });
    const [span] = await recording.spans();
    expect(span?.attributes['rpc.status_code']).toBe('UNKNOWN');
  });

  it('whose caller cancels it is CANCELLED and no error, although the handler answers', async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const client = await serve({
      unary: async (request, { signal }) => {
        started.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        setImmediate(ended.resolve);
        return request;
      },
    });
    const abort = new AbortController();
    const options = { ...(await metadata(`00-${KEPT}-${CALLER}-01`)), signal: abort.signal };
    const reply = client.unary({ text: '' }, options);
    await started.promise;
    abort.abort();
    await expect(reply).rejects.toThrow();
    await ended.promise;
    expect(await recording.tree()).toBe(`test.Echo/Unary SERVER ← ${CALLER}`);
    expect((await recording.spans())[0]?.attributes['rpc.status_code']).toBe('CANCELLED');
  });

  it('is named for its tenant, and its stream opens, below a tenant that the application names', async () => {
    const client = await serve({
      unary: (request) =>
        withTenant('outer', () => {
          authorised('tenant-1');
          return runSpan('queue', {}, async () => request);
        }),
      async *serverStream(_request, { signal }) {
        withTenant('tenant-2', streamOpened);
        yield { text: (await recording.tree()) || String(signal.aborted) };
      },
    });
    await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`));
    const tenants = (await recording.spans()).map((span) => [span.name, span.attributes['hatchet.run/tenant.id']]);
    expect(Object.fromEntries(tenants)).toEqual({ 'test.Echo/Unary': 'tenant-1', 'hatchet.run/queue': 'tenant-1' });
    for await (const { text } of client.serverStream({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`)))
      expect(text).toContain('test.Echo/ServerStream SERVER');
  });

  it('carries the tenant once its caller is authorized, like the spans below', async () => {
    const client = await serve({
      unary: () =>
        runSpan('queue', {}, async () => {
          authorised('tenant-1');
          return runSpan('ingest-event', {}, echo);
        }),
    });
    await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`));
    const tenants = (await recording.spans()).map((s) => [s.name, s.attributes['hatchet.run/tenant.id']]);
    expect(Object.fromEntries(tenants)).toEqual({
      'test.Echo/Unary': 'tenant-1',
      'hatchet.run/queue': undefined,
      'hatchet.run/ingest-event': 'tenant-1',
    });
  });
});

describe('an untraced method', () => {
  it('has no span, no spans below, and sends no context', async () => {
    const client = await serve(
      { unary: () => runSpan('ingest-event', {}, echo) },
      { untraced: (path) => path === '/test.Echo/Unary' },
    );
    const reply = await client.unary({ text: '' }, await metadata(`00-${KEPT}-${CALLER}-01`));
    expect(JSON.parse(reply.text)).toEqual({});
    expect(await recording.tree()).toBe('');
  });
});

describe('a gRPC client in a traced call', () => {
  it.each([
    ['recorded', KEPT],
    ['dropped', DROPPED],
  ])('hands a %s trace on without a span of its own', async (_kind, traceId) => {
    const inner = await serve({ unary: async () => ({ text: trace.getSpanContext(context.active())?.traceId ?? '' }) });
    const outer = await serve({ unary: (request) => inner.unary(request) });
    const reply = await outer.unary({ text: '' }, await metadata(`00-${traceId}-${CALLER}-01`));
    expect(reply.text).toBe(traceId);
    const kept = `test.Echo/Unary SERVER ← ${CALLER}\n  test.Echo/Unary SERVER`;
    expect(await recording.tree()).toBe(traceId === KEPT ? kept : '');
  });
});

describe('a stream', () => {
  const received = `00-${KEPT}-${CALLER}-01`;

  it('is one span that ends with its first message, while the stream continues', async () => {
    const more = Promise.withResolvers<void>();
    const client = await serve({
      async *serverStream() {
        yield { text: 'first' };
        await more.promise;
        yield { text: JSON.stringify(outgoingHeaders()) };
      },
    });
    const replies = client.serverStream({ text: '' }, await metadata(received))[Symbol.asyncIterator]();
    expect(await replies.next()).toMatchObject({ value: { text: 'first' } });
    expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
    more.resolve();
    expect(await replies.next()).toMatchObject({ value: { text: '{}' } });
    await replies.next();
    expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
  });

  it('that only waits ends its span when the handler calls streamOpened', async () => {
    const opened = Promise.withResolvers<void>();
    const client = await serve({
      async *serverStream(_request, { signal }) {
        streamOpened();
        opened.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const abort = new AbortController();
    const options = { ...(await metadata(received)), signal: abort.signal };
    const reply = client.serverStream({ text: '' }, options)[Symbol.asyncIterator]().next();
    await opened.promise;
    expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
    abort.abort();
    await expect(reply).rejects.toThrow();
  });

  it('whose caller leaves before the first message is CANCELLED, although the handler just ends', async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const client = await serve({
      async *serverStream(_request, { signal }) {
        started.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        setImmediate(ended.resolve);
      },
    });
    const abort = new AbortController();
    const options = { ...(await metadata(received)), signal: abort.signal };
    const reply = client.serverStream({ text: '' }, options)[Symbol.asyncIterator]().next();
    await started.promise;
    abort.abort();
    await expect(reply).rejects.toThrow();
    await ended.promise;
    expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
    expect((await recording.spans())[0]?.attributes['rpc.status_code']).toBe('CANCELLED');
  });

  it('that is refused has the status on its span', async () => {
    const { ServerError } = await import('nice-grpc');
    const client = await serve({
      // biome-ignore lint/correctness/useYield: it is refused before there is anything to say
      async *serverStream() {
        throw new ServerError(16, 'no token');
      },
    });
    const replies = client.serverStream({ text: '' }, await metadata(received));
    await expect(replies[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 16 });
    const [span] = await recording.spans();
    expect(span?.attributes['rpc.status_code']).toBe('UNAUTHENTICATED');
    expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
  });

  it('whose caller leaves before the first message is no error', async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const client = await serve({
      async *serverStream(_request, { signal }) {
        started.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        ended.resolve();
        signal.throwIfAborted();
      },
    });
    const abort = new AbortController();
    const options = { ...(await metadata(received)), signal: abort.signal };
    const reply = client.serverStream({ text: '' }, options)[Symbol.asyncIterator]().next();
    await started.promise;
    abort.abort();
    await expect(reply).rejects.toThrow('aborted');
    await ended.promise;
    await vi.waitFor(async () => {
      expect(await recording.tree()).toBe(`test.Echo/ServerStream SERVER ← ${CALLER}`);
    });
    expect((await recording.spans())[0]?.attributes['rpc.status_code']).toBe('CANCELLED');
  });

  it('with messages has a span for its opening and one for each message, in the trace of the message', async () => {
    const client = await serve({
      async *bidi(requests) {
        for await (const { text } of requests) {
          yield await messageSpan('/test.Echo/Bidi', { parent: remote(text) }, async () => ({
            text: JSON.stringify(outgoingHeaders()),
          }));
        }
      },
    });
    const texts = async function* () {
      yield { text: KEPT };
      yield { text: DROPPED };
    };
    const replies: Message[] = [];
    for await (const reply of client.bidi(texts(), await metadata(`00-${'1'.repeat(32)}-${CALLER}-01`))) {
      replies.push(reply);
    }
    const [opening, message] = await recording.spans();
    expect((await recording.spans()).map((span) => [span.name, span.spanContext().traceId])).toEqual([
      ['test.Echo/Bidi', '1'.repeat(32)],
      ['test.Echo/Bidi', KEPT],
    ]);
    expect(opening?.parentSpanContext?.spanId).toBe(CALLER);
    expect(replies.map((reply) => JSON.parse(reply.text).traceparent)).toEqual([
      `00-${KEPT}-${message?.spanContext().spanId}-01`,
      `00-${DROPPED}-${CALLER}-01`,
    ]);
  });

  it('of requests ends its span with the first request and is answered once', async () => {
    const client = await serve({
      async clientStream(requests: AsyncIterable<Message>) {
        const texts: string[] = [];
        for await (const { text } of requests) texts.push(text);
        return { text: texts.join() };
      },
    });
    const texts = async function* () {
      yield { text: 'a' };
      yield { text: 'b' };
    };
    expect(await client.clientStream(texts(), await metadata(received))).toEqual({ text: 'a,b' });
    expect(await recording.tree()).toBe(`test.Echo/ClientStream SERVER ← ${CALLER}`);
  });
});

it('the middleware has the type of nice-grpc', () => {
  expectTypeOf<GrpcServerMiddleware>().toExtend<ServerMiddleware>();
  expectTypeOf<Client<typeof EchoService>>().not.toBeAny();
});
