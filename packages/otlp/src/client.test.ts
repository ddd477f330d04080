import * as grpc from '@grpc/grpc-js';
import { Resources, TcpLink, waitUntil } from '@hatchet-ts/trace-testing';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterEach, expect, it } from 'vitest';
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
