import { Status } from 'nice-grpc';
import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

const never = new AbortController().signal;

test('messages arrive in order, whether sent before or after the read', async () => {
  const outbox = new Outbox<number>();
  outbox.send(1);
  const stream = outbox.messages(never, never);
  expect(await stream.next()).toMatchObject({ value: 1 });
  const waiting = stream.next();
  outbox.send(2);
  outbox.send(3);
  expect(await waiting).toMatchObject({ value: 2 });
  expect(await stream.next()).toMatchObject({ value: 3 });
});

test('a disconnected client ends the stream', async () => {
  const client = new AbortController();
  const waiting = new Outbox<number>().messages(client.signal, never).next();
  client.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('a stopping engine ends the stream with an error, after the messages sent', async () => {
  const stopping = new AbortController();
  const outbox = new Outbox<number>();
  const stream = outbox.messages(never, stopping.signal);
  outbox.send(1);
  expect(await stream.next()).toMatchObject({ value: 1 });
  const waiting = stream.next();
  stopping.abort();
  await expect(waiting).rejects.toMatchObject({ code: Status.UNAVAILABLE });
});
