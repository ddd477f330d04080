import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import {
  BulkTriggerIdempotencyCollisionError,
  IdempotencyCollisionError,
} from '@hatchet-dev/typescript-sdk/v1/index.js';
import { createSchedule, viewSchedule } from '@hatchet-ts/storage/triggers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { celPath } from './contract/cel-path.ts';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

type Order = { id: string };
const TTL = { strategy: 'ttl', expression: 'input.id', ttlMs: 60_000 } as const;

test('a run whose key is held is rejected with the holder’s id', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'once-by-id', idempotency: TTL, fn: async ({ id }: Order) => ({ id }) });
  await engine.work(client, [task]);
  const first = await task.runNoWait({ id: 'a1' });
  await first.output;

  const error = await task.run({ id: 'a1' }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(IdempotencyCollisionError);
  expect(error).toMatchObject({ existingRunExternalId: await first.getWorkflowRunId() });
  const trigger = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
  const input = JSON.stringify({ id: 'a1' });
  await expect(trigger.triggerWorkflow({ name: 'once-by-id', input })).rejects.toMatchObject({
    details: 'idempotency key collision',
  });
  expect(await task.run({ id: 'b1' })).toEqual({ id: 'b1' });
});

test('a key belongs to its tenant: runs of two workflows collide, runs of two tenants do not', async () => {
  const client = await engine.client();
  const fn = async ({ id }: Order) => ({ id });
  const one = client.task({ name: 'key-one', idempotency: TTL, fn });
  const two = client.task({ name: 'key-two', idempotency: TTL, fn });
  await engine.work(client, [one, two]);
  await one.run({ id: 'shared' });
  await expect(two.run({ id: 'shared' })).rejects.toThrow(IdempotencyCollisionError);
  const stranger = await engine.client(await engine.tenant());
  const theirs = stranger.task({ name: 'key-one', idempotency: TTL, fn });
  await engine.work(stranger, [theirs]);
  expect(await theirs.run({ id: 'shared' })).toEqual({ id: 'shared' });
});

test('a key is free again after its time to live', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'for-a-while', idempotency: TTL, fn: async ({ id }: Order) => ({ id }) });
  await engine.work(client, [task]);
  await task.run({ id: 'a3' });
  await expect(task.run({ id: 'a3' })).rejects.toThrow(IdempotencyCollisionError);
  await engine.db.query(`UPDATE idempotency_key SET expires_at = now() WHERE key = 'a3'`);
  expect(await task.run({ id: 'a3' })).toEqual({ id: 'a3' });
});

test('a key by status is free again once its run has ended', async () => {
  const client = await engine.client();
  const go = Promise.withResolvers<void>();
  const task = client.task({
    name: 'one-at-a-time',
    idempotency: { strategy: 'status', expression: 'input.id', fallbackTtlMs: 60_000 },
    fn: async ({ id }: Order) => {
      await go.promise;
      return { id };
    },
  });
  await engine.work(client, [task]);
  const first = await task.runNoWait({ id: 'a4' });
  await expect(task.runNoWait({ id: 'a4' })).rejects.toThrow(IdempotencyCollisionError);
  go.resolve();
  await first.output;
  expect(await task.run({ id: 'a4' })).toEqual({ id: 'a4' });
});

test('runs of a bulk without collision start, and the error names both kinds', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'many-by-id', idempotency: TTL, fn: async ({ id }: Order) => ({ id }) });
  await engine.work(client, [task]);
  const first = await task.runNoWait({ id: 'taken' });

  const error = await task
    .runNoWait([{ id: 'x' }, { id: 'taken' }, { id: 'x' }, { id: 'y' }])
    .catch((caught) => caught);
  expect(error).toBeInstanceOf(BulkTriggerIdempotencyCollisionError);
  const { successfulWorkflowRunExternalIds: created, collisions } = error as BulkTriggerIdempotencyCollisionError;
  expect(created).toHaveLength(2);
  expect(collisions.map(({ existingRunExternalId }) => existingRunExternalId)).toEqual([
    await first.getWorkflowRunId(),
    created[0],
  ]);
  const outputs = await Promise.all(created.map((id) => client.runRef(id).output));
  expect(outputs).toEqual([{ 'many-by-id': { id: 'x' } }, { 'many-by-id': { id: 'y' } }]);
});

test('one of many concurrent calls gets the key', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'race', idempotency: TTL, fn: async ({ id }: Order) => ({ id }) });
  await engine.work(client, [task]);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => task.runNoWait({ id: 'a6' })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('an event starts no second run with the same key, and a schedule names the holder', async () => {
  const client = await engine.client();
  let runs = 0;
  const task = client.task({
    name: 'by-event',
    onEvents: ['order:placed'],
    idempotency: { strategy: 'ttl', expression: 'additional_metadata["order"]', ttlMs: 60_000 },
    fn: async () => ({ runs: ++runs }),
  });
  await engine.work(client, [task]);
  const additionalMetadata = { order: '7' };
  await client.events.push('order:placed', {}, { additionalMetadata });
  await client.events.push('order:placed', {}, { additionalMetadata });
  const id = await createSchedule(engine.db, {
    tenantId: DEFAULT_TENANT,
    workflow: 'by-event',
    method: 'API',
    triggerAt: new Date(),
    input: '{}',
    additionalMetadata: '{"order":"7"}',
  });
  const { rows } = await engine.db.query<{ id: string }>(`SELECT id FROM run WHERE workflow_name = 'by-event'`);
  expect(rows).toHaveLength(1);
  const schedule = () => viewSchedule(engine.db, DEFAULT_TENANT, id ?? '');
  await expect.poll(async () => (await schedule())?.runId).toBe(rows[0]?.id);
});

test('an existing child does not collide when its parent is retried', async () => {
  const client = await engine.client();
  const child = client.task({ name: 'keyed-child', idempotency: TTL, fn: async ({ id }: Order) => ({ id }) });
  const parent = client.task({
    name: 'tried-twice',
    retries: 1,
    fn: async (_, ctx) => {
      const result = await child.run({ id: 'c' });
      if (ctx.retryCount() === 0) throw new Error('again');
      return { result };
    },
  });
  await engine.work(client, [parent, child]);
  expect(await parent.run({})).toEqual({ result: { id: 'c' } });
});

test('a run whose key is not text is rejected, with the path of the key', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'no-key', idempotency: TTL, fn: async (_: { id?: number }) => ({}) });
  await engine.work(client, [task]);
  const where = 'workflow no-key takes its idempotency key from input.id: pass text there';
  await expect(task.runNoWait({})).rejects.toThrow(where);
  await expect(task.runNoWait({ id: 5 })).rejects.toThrow(where);
});

test.each([
  ['input.id', { in: 'input', names: ['id'] }],
  [' input.order.customer_id ', { in: 'input', names: ['order', 'customer_id'] }],
  [`additional_metadata["a b"]`, { in: 'additional_metadata', names: ['a b'] }],
  [`additional_metadata['a'].b`, { in: 'additional_metadata', names: ['a', 'b'] }],
  ['input', undefined],
  ['input.', undefined],
  ['input.id + "x"', undefined],
  ['string(input.id)', undefined],
  ['input[0]', undefined],
  ['output.id', undefined],
])('the expression %s names %o', (expression, path) => {
  expect(celPath(expression)).toEqual(path);
});
