import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

test('an event starts a run of each workflow that names its key, with its payload and metadata', async () => {
  const client = await engine.client();
  const got = { a: Promise.withResolvers<unknown>(), b: Promise.withResolvers<unknown>() };
  const listener = (name: 'a' | 'b', key: string) =>
    client.task({
      name: `on-${name}`,
      onEvents: [key],
      fn: async (input, ctx) => {
        got[name].resolve({ input, metadata: ctx.additionalMetadata(), event: ctx.triggeringEventId() });
        return {};
      },
    });
  let others = 0;
  const other = client.task({
    name: 'on-other',
    onEvents: ['order:created:not'],
    fn: async () => {
      others++;
      return {};
    },
  });
  await engine.work(client, [listener('a', 'order:created'), listener('b', 'order:created'), other]);

  const additionalMetadata = { who: 'test', hatchet__reserved: 'gone', hatchet__source_step_run_id: 'kept' };
  const event = await client.events.push('order:created', { id: 7 }, { additionalMetadata });
  const expected = {
    input: { id: 7 },
    metadata: {
      who: 'test',
      hatchet__source_step_run_id: 'kept',
      hatchet__event_id: event.eventId,
      hatchet__event_key: 'order:created',
    },
    event: event.eventId,
  };
  expect(await got.a.promise).toEqual(expected);
  expect(await got.b.promise).toEqual(expected);
  expect(others).toBe(0);
});

test('events of one call are returned in their order', async () => {
  const client = await engine.client();
  const payloads = Array.from({ length: 20 }, (_, n) => ({ payload: { n } }));
  const { events } = await client.events.bulkPush('nobody:waits', payloads);
  expect(events.map(({ payload }) => JSON.parse(payload))).toEqual(payloads.map(({ payload }) => payload));
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(20);
});

test('an event pushed by a task names its source', async () => {
  const client = await engine.client();
  const got = Promise.withResolvers<Record<string, unknown>>();
  const push = client.task({
    name: 'push',
    fn: async (_, ctx) => {
      await client.events.push('inner', {});
      return { run: ctx.workflowRunId(), task: ctx.taskRunExternalId() };
    },
  });
  const receive = client.task({
    name: 'receive',
    onEvents: ['inner'],
    fn: async (_, ctx) => {
      got.resolve(ctx.additionalMetadata());
      return {};
    },
  });
  await engine.work(client, [push, receive]);

  const { run, task } = await push.run({});
  expect(await got.promise).toMatchObject({
    hatchet__source_workflow_run_id: run,
    hatchet__source_step_run_id: task,
  });
});

test('an event no longer starts a workflow that has dropped its key', async () => {
  const client = await engine.client();
  let runs = 0;
  const fn = async () => {
    runs++;
    return {};
  };
  await (await engine.work(client, [client.task({ name: 'fickle', onEvents: ['old'], fn })])).stop();
  const fickle = client.task({ name: 'fickle', onEvents: ['new'], fn });
  await engine.work(client, [fickle]);

  await client.events.push('old', {});
  await fickle.run({});
  expect(runs).toBe(1);
});

test.each([
  ['a payload that is no JSON', { key: 'k', payload: '{' }, 'payload must be JSON'],
  ['no key', { key: '', payload: '{}' }, 'an event must have a key'],
  ['metadata that is no object', { key: 'k', payload: '{}', additionalMetadata: '[]' }, 'must be a JSON object'],
])('an event with %s is rejected', async (_, event, reason) => {
  const events = rawClient(EventsServiceDefinition, engine.address, await engine.token());
  await expect(events.push(event)).rejects.toThrow(reason);
});

test('a key that ends in * matches all keys with that prefix, and starts a workflow once even if two of its keys match', async () => {
  const client = await engine.client();
  const got: string[] = [];
  const both = Promise.withResolvers<void>();
  const task = client.task({
    name: 'wild',
    onEvents: ['sub:*', 'sub:new'],
    fn: async (_, ctx) => {
      if (got.push(ctx.additionalMetadata().hatchet__event_key ?? '') === 2) both.resolve();
      return {};
    },
  });
  await engine.work(client, [task]);
  await client.events.push('sub', {});
  await client.events.push('sub:new', {});
  await client.events.push('other:sub:new', {});
  await client.events.push('sub:gone:for-good', {});
  await both.promise;
  const { rows } = await engine.db.query<{ key: string }>(
    `SELECT event_key AS key FROM run WHERE workflow_name = 'wild'`,
  );
  expect(rows.map(({ key }) => key).sort()).toEqual(['sub:gone:for-good', 'sub:new']);
});

test('an event keeps its scope, and its runs inherit its priority', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'scoped', onEvents: ['scoped'], fn: async () => ({}) });
  await engine.work(client, [task]);
  const event = await client.events.push('scoped', {}, { scope: 'tenant-a', priority: 3 });
  expect(event.scope).toBe('tenant-a');
  const { rows } = await engine.db.query(
    'SELECT e.scope, r.priority FROM event e JOIN run r ON r.event_id = e.id WHERE e.id = $1',
    [event.eventId],
  );
  expect(rows).toEqual([{ scope: 'tenant-a', priority: 3 }]);
});

test('a client with a namespace pushes and runs within it', async () => {
  const token = await engine.token();
  const client = clientOf(token, { namespace: 'Mine' });
  const got = Promise.withResolvers<string>();
  const task = client.task({
    name: 'Spaced',
    onEvents: ['said'],
    fn: async (_, ctx) => {
      const { hatchet__event_key: key } = ctx.additionalMetadata();
      if (key) got.resolve(key);
      return { ok: true };
    },
  });
  await engine.work(client, [task]);
  expect(await task.run({})).toEqual({ ok: true });
  await (await engine.client()).events.push('said', {});
  await client.events.push('said', {});
  expect(await got.promise).toBe('mine_said');
  const { rows } = await engine.db.query(`SELECT count(*)::int AS runs FROM run WHERE workflow_name = 'mine_spaced'`);
  expect(rows).toEqual([{ runs: 2 }]);
});

test('a bulk above the limit of events is rejected', async () => {
  const events = rawClient(EventsServiceDefinition, engine.address, await engine.token());
  const push = events.bulkPush({ events: Array.from({ length: 1_001 }, () => ({ key: 'k', payload: '{}' })) });
  await expect(push).rejects.toThrow('a call can have at most 1000 events, not 1001');
});
