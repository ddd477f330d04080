import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { Resources, TcpLink, waitUntil } from '@hatchet-ts/trace-testing';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS_METHOD, OtlpClient, type OtlpTarget, TRACES_METHOD } from './client.ts';

const resources = new Resources();
afterEach(() => resources.stop());

const plaintext = grpc.credentials.createInsecure();

function clientOf(target: string, method: string, more: Partial<OtlpTarget> = {}): OtlpClient {
  const metadata = async () => new grpc.Metadata();
  const client = new OtlpClient(
    grpc,
    { target, channelOptions: {}, credentials: () => plaintext, metadata, ...more },
    method,
  );
  resources.defer(() => client.close());
  return client;
}

it.each([TRACES_METHOD, METRICS_METHOD])(
  'a connection that went silent is replaced after one call: %s',
  async (method) => {
    const receiver = resources.use(await OtlpReceiver.start());
    const link = resources.use(await TcpLink.start({ to: receiver.address }));
    const client = clientOf(link.address, method);
    await client.call(new Uint8Array(), 5000);
    expect(link.silence()).toBe(1);
    await expect(client.call(new Uint8Array(), 100)).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    await client.call(new Uint8Array(), 5000);
    expect(new Set(receiver.calls.map(({ peer }) => peer)).size).toBe(2);
  },
);

it('calls that time out together replace the connection once', async () => {
  const receiver = resources.use(await OtlpReceiver.start());
  const link = resources.use(await TcpLink.start({ to: receiver.address }));
  const client = clientOf(link.address, TRACES_METHOD);
  await client.call(new Uint8Array(), 5000);
  link.silence();
  receiver.answer('hang');
  const late = client.call(new Uint8Array(), 400);
  await expect(client.call(new Uint8Array(), 100)).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  const running = client.call(new Uint8Array(), 5000);
  await waitUntil('the call on the new connection', () => receiver.calls.length === 2);
  await expect(late).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  receiver.answer('accept');
  await client.call(new Uint8Array(), 5000);
  client.close();
  await expect(running).rejects.toMatchObject({ status: 'CANCELLED' });
  expect(new Set(receiver.calls.map(({ peer }) => peer)).size).toBe(2);
});

it('new credentials are used for the next call', async () => {
  const receiver = resources.use(await OtlpReceiver.start());
  let current = plaintext;
  const client = clientOf(receiver.address, TRACES_METHOD, { credentials: () => current });
  await client.call(new Uint8Array(), 5000);
  await client.call(new Uint8Array(), 5000);
  current = grpc.credentials.createInsecure();
  await client.call(new Uint8Array(), 5000);
  const peers = receiver.calls.map(({ peer }) => peer);
  expect(peers[0]).toBe(peers[1]);
  expect(peers[2]).not.toBe(peers[1]);
});

describe('a call whose connection the receiver ends', () => {
  /** Serves the first call, and ends as many further ones. */
  async function startEnding(ended: number, end: (stream: ServerHttp2Stream) => void) {
    let calls = 0;
    const server = createServer().on('stream', (stream) => {
      stream.on('error', () => {});
      calls++;
      if (calls > 1 && calls <= 1 + ended) return end(stream);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5)); // an empty message
    });
    const sessions = new Set<ServerHttp2Session>();
    server.on('session', (session) => sessions.add(session.on('error', () => {})));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    resources.defer(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const client = clientOf(`127.0.0.1:${(server.address() as AddressInfo).port}`, TRACES_METHOD);
    await client.call(new Uint8Array(), 5000);
    return { client, calls: () => calls - 1 };
  }

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['with GOAWAY before it has processed the call', ({ session }) => session?.goaway(constants.NGHTTP2_NO_ERROR, 1)],
    ['by refusing the stream', (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
    ['in the middle of the call', ({ session }) => session?.destroy()],
  ])('%s is sent once more', async (_, end) => {
    const { client, calls } = await startEnding(1, end);
    await expect(client.call(new Uint8Array(), 5000)).resolves.toHaveLength(0);
    expect(calls()).toBe(2);
  });

  it('again and again fails after the second attempt', async () => {
    const { client, calls } = await startEnding(Number.POSITIVE_INFINITY, (stream) =>
      stream.close(constants.NGHTTP2_REFUSED_STREAM),
    );
    await expect(client.call(new Uint8Array(), 5000)).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    expect(calls()).toBe(2);
  });
});

it('a call that the receiver itself declares unavailable is not repeated', async () => {
  const receiver = resources.use(
    await OtlpReceiver.start({ answer: { status: grpc.status.UNAVAILABLE, details: 'busy' } }),
  );
  const client = clientOf(receiver.address, TRACES_METHOD);
  await expect(client.call(new Uint8Array(), 5000)).rejects.toMatchObject({ status: 'UNAVAILABLE' });
  expect(receiver.calls).toHaveLength(1);
});
