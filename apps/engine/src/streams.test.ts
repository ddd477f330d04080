import { DispatcherDefinition, ResourceType } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Resequencer } from './runs/resequencer.ts';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Task that streams a number of chunks once the test starts it. */
async function streamer(name: string, pieces: number) {
  const client = await engine.client();
  const go = Promise.withResolvers<void>();
  const task = client.task({
    name,
    fn: async (_, ctx) => {
      await go.promise;
      for (let n = 0; n < pieces; n++) await ctx.putStream(`piece ${n};`);
      return { done: true };
    },
  });
  await engine.work(client, [task]);
  return { client, task, go: () => go.resolve() };
}

test('chunks of a task arrive in order, and the stream ends with the run', async () => {
  const { client, task, go } = await streamer('streaming', 50);
  const ref = await task.runNoWait({});
  const stream = client.runs.subscribeToStream(await ref.getWorkflowRunId());
  const first = stream.next();
  await started(await ref.getWorkflowRunId());
  go();
  let text = String((await first).value);
  for await (const piece of stream) text += piece;
  expect(text).toBe(Array.from({ length: 50 }, (_, n) => `piece ${n};`).join(''));
}, 15_000);

// Retried, as nothing outside shows that the engine has taken the subscription before the task ends.
test('followers of a run receive its tasks’ events and its end; late ones receive only the end', {
  retry: 3,
  timeout: 15_000,
}, async () => {
  const { task, go } = await streamer('followed', 1);
  const runId = await (await task.runNoWait({})).getWorkflowRunId();
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  const heard: string[] = [];
  const follow = async () => {
    for await (const { resourceType, eventType, hangup } of dispatcher.subscribeToWorkflowEvents({
      workflowRunId: runId,
    })) {
      heard.push(`${ResourceType[resourceType]} ${eventType}${hangup ? ' hangup' : ''}`);
    }
  };
  const following = follow();
  await started(runId);
  go();
  await following;
  expect(heard.slice(-3)).toEqual([
    'RESOURCE_TYPE_STEP_RUN 6',
    'RESOURCE_TYPE_STEP_RUN 2',
    'RESOURCE_TYPE_WORKFLOW_RUN 2 hangup',
  ]);
  heard.length = 0;
  await follow();
  expect(heard).toEqual(['RESOURCE_TYPE_WORKFLOW_RUN 2 hangup']);
});

test('runs can be followed by a metadata pair, by their own tenant only', async () => {
  const { task, go } = await streamer('tagged', 1);
  const additionalMetaKey = 'batch';
  const closing = new AbortController();
  const follow = async (tenantId?: string) => {
    const dispatcher = rawClient(
      DispatcherDefinition,
      engine.address,
      await engine.token(tenantId ? { tenantId } : {}),
    );
    return dispatcher.subscribeToWorkflowEvents(
      { additionalMetaKey, additionalMetaValue: '7' },
      { signal: closing.signal },
    );
  };
  const heard = new Set<string>();
  const own = await follow();
  const following = (async () => {
    for await (const { workflowRunId } of own) heard.add(workflowRunId);
  })();
  const foreign = (await follow(await engine.tenant()))[Symbol.asyncIterator]();
  const forged = foreign.next().catch(() => 'closed');
  const other = await task.runNoWait({}, { additionalMetadata: { batch: '8' } });
  const meant = await task.runNoWait({}, { additionalMetadata: { batch: '7' } });
  await started(await meant.getWorkflowRunId());
  go();
  await Promise.all([other.output, meant.output]);
  await following;
  expect([...heard]).toEqual([await meant.getWorkflowRunId()]);
  closing.abort();
  expect(await forged).toBe('closed');
}, 15_000);

test('an empty subscription is rejected, and a chunk of an unknown task is dropped', async () => {
  const token = await engine.token();
  const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
  const asked = dispatcher.subscribeToWorkflowEvents({})[Symbol.asyncIterator]().next();
  await expect(asked).rejects.toThrow('pass workflowRunId');
  const events = rawClient(EventsServiceDefinition, engine.address, token);
  await events.putStreamEvent({ taskRunExternalId: '00000000-0000-4000-8000-000000000000', message: Buffer.from('x') });
});

test('items are emitted in order; a missing one delays the others only briefly', async () => {
  const out: number[] = [];
  const all = Promise.withResolvers<void>();
  const series = new Resequencer<number>((n) => {
    if (out.push(n) === 6) all.resolve();
  });
  for (const n of [1, 0, 2, 5, 4]) series.put('s', n, n);
  expect(out).toEqual([0, 1, 2]);
  await expect.poll(() => out).toEqual([0, 1, 2, 4, 5]);
  series.put('s', 3, 3);
  await all.promise;
  expect(out).toEqual([0, 1, 2, 4, 5, 3]);
  series.clear();
});

test('each attempt of a task has a series of its own', async () => {
  const out: string[] = [];
  const series = new Resequencer<string>((item) => out.push(item));
  series.put('task', 0, 'first 0');
  series.put('task', 1, 'first 1');
  series.put('task', 3, 'first 3');
  series.end('task');
  // The last items may arrive after the end of their attempt was reported.
  series.put('task', 2, 'first 2');
  series.put('task', 1, 'second 1');
  series.put('task', 0, 'second 0');
  // The end of the second attempt was not announced.
  series.put('task', 0, 'third 0');
  series.put('task', 2, 'third 2');
  series.put('task', 1, 'third 1');
  series.clear();
  expect(out).toEqual([
    ...['first 0', 'first 1', 'first 2', 'first 3'],
    ...['second 0', 'second 1'],
    ...['third 0', 'third 1', 'third 2'],
  ]);
});

test('the chunks of a retried task arrive in order, although they may be sent in any order', async () => {
  const client = await engine.client();
  const sent = [1, 0, 2];
  const go = Promise.withResolvers<void>();
  const task = client.task({
    name: 'retried-stream',
    retries: 1,
    fn: async (_, ctx) => {
      await go.promise;
      const events = rawClient(EventsServiceDefinition, engine.address, await engine.token());
      for (const eventIndex of sent) {
        const message = Buffer.from(`attempt ${ctx.retryCount()} piece ${eventIndex};`);
        await events.putStreamEvent({ taskRunExternalId: ctx.taskRunExternalId(), message, eventIndex });
      }
      if (ctx.retryCount() === 0) throw new Error('once');
      return {};
    },
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  const stream = client.runs.subscribeToStream(await ref.getWorkflowRunId());
  const first = stream.next();
  await started(await ref.getWorkflowRunId());
  go.resolve();
  let text = String((await first).value);
  for await (const piece of stream) text += piece;
  expect(text).toBe([0, 1].flatMap((attempt) => [0, 1, 2].map((n) => `attempt ${attempt} piece ${n};`)).join(''));
}, 15_000);

async function started(runId: string): Promise<void> {
  const read = async () => {
    const { rows } = await engine.db.query('SELECT FROM task WHERE id = $1 AND started_at IS NOT NULL', [runId]);
    return rows.length;
  };
  await expect.poll(read).toBe(1);
}
