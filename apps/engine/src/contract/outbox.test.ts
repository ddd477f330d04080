import { Status } from 'nice-grpc';
import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

const never = new AbortController().signal;

test('messages come in their order, before and after somebody waits for them', async () => {
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

test('a client that goes away ends the stream', async () => {
  const client = new AbortController();
  const waiting = new Outbox<number>().messages(client.signal, never).next();
  client.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('an engine that stops ends the stream with an error, after what was sent', async () => {
  const stopping = new AbortController();
  const outbox = new Outbox<number>();
  const stream = outbox.messages(never, stopping.signal);
  outbox.send(1);
  expect(await stream.next()).toMatchObject({ value: 1 });
  const waiting = stream.next();
  stopping.abort();
  await expect(waiting).rejects.toMatchObject({ code: Status.UNAVAILABLE });
});
