import { afterEach, expect, test, vi } from 'vitest';
import { followStream, type StreamEvent } from './event-stream.ts';

const STREAM =
  '\ufeffid: 7\nevent: run\ndata: {"a":1}\n\n: heartbeat\n\ndata: one\ndata:two\r\n\r\nevent: nothing\n\ndata\r\revent: end\rdata: é\r\n\n';
const EVENTS: StreamEvent[] = [
  { type: 'run', data: '{"a":1}' },
  { type: 'message', data: 'one\ntwo' },
  { type: 'message', data: '' },
  { type: 'end', data: 'é' },
];

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Serves streams, one per connection, as chunks of bytes; returns the events, and the id sent with each connection. */
async function follow(
  ...streams: Uint8Array<ArrayBuffer>[][]
): Promise<{ events: StreamEvent[]; ids: (string | undefined)[] }> {
  const ids: (string | undefined)[] = [];
  vi.stubGlobal('fetch', (_path: string, { headers }: { headers: Record<string, string> }) => {
    const chunks = streams[ids.length]!;
    ids.push(headers['last-event-id']);
    return Promise.resolve(new Response(streamOf(chunks)));
  });
  const events: StreamEvent[] = [];
  await followStream({ token: 't', tenantId: 'tenant' }, 'traces/stream', {
    onEvent: (event) => events.push(event),
    onState: () => undefined,
    reconnect: () => ids.length < streams.length,
    signal: new AbortController().signal,
  });
  return { events, ids };
}

function streamOf(chunks: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

function chunksOf(text: string, size: number): Uint8Array<ArrayBuffer>[] {
  const bytes = new TextEncoder().encode(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

test('reads events with all line ends and a byte order mark; skips comments, and events without data', async () => {
  expect((await follow(chunksOf(STREAM, STREAM.length * 2))).events).toEqual(EVENTS);
});

test('reads the same events from chunks of any size', async () => {
  for (let size = 1; size < 9; size++) expect((await follow(chunksOf(STREAM, size))).events, `${size}`).toEqual(EVENTS);
});

test("reconnects with the last id, after the server's own retry time", async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const { events, ids } = await follow(
    chunksOf('retry: 1\nid: 7\ndata: a\n\ndata: b\n\n', 50),
    chunksOf('data: c\n\n', 50),
  );
  expect(events.map(({ data }) => data)).toEqual(['a', 'b', 'c']);
  expect(ids).toEqual([undefined, '7']);
  expect(timers.mock.calls.map(([, ms]) => Math.round(ms!))).toEqual([1]);
});
