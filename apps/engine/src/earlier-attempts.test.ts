import { DispatcherDefinition, StepActionEventType } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
const stopped = new AbortController();
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(async () => {
  stopped.abort();
  await engine.stop();
});

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Scripted worker for the task of this name. */
async function rawWorker(name: string) {
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  const actions = [`${name}:${name}`];
  const { workerId } = await dispatcher.register({ workerName: name, actions, slots: 5, labels: {}, services: [] });
  const listening = dispatcher.listenV2({ workerId }, { signal: stopped.signal })[Symbol.asyncIterator]();
  let next = listening.next();
  return {
    async nextAction() {
      const { value } = await next;
      next = listening.next();
      return value!;
    },
    report: (
      { taskRunExternalId, retryCount }: { taskRunExternalId: string; retryCount: number },
      eventType: StepActionEventType,
      payload: object,
    ) =>
      dispatcher.sendStepActionEvent({
        workerId,
        taskRunExternalId,
        retryCount,
        eventType,
        eventPayload: JSON.stringify(payload),
      }),
  };
}

const { STEP_EVENT_TYPE_STARTED: STARTED, STEP_EVENT_TYPE_FAILED: FAILED } = StepActionEventType;

test('an attempt gets the context of the one before, as its worker reported it, and no forwarded one', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'retried', retries: 3, fn: async () => ({}) });
  await client.worker('unused', { handleKill: false, workflows: [task] });
  const worker = await rawWorker('retried');
  const own = { team: 'a', hatchet__previous_traceparent: 'forwarded', hatchet__durable_entries: 7 };
  await task.runNoWait({}, { additionalMetadata: own as unknown as Record<string, string> });
  const seen: unknown[] = [];
  for (const payload of [{ traceparent: TRACEPARENT }, { traceparent: 'not one' }, {}]) {
    const action = await worker.nextAction();
    seen.push(JSON.parse(action.additionalMetadata ?? '{}'));
    await worker.report(action, STARTED, payload);
    await worker.report(action, FAILED, { message: 'again' });
  }
  expect(seen).toEqual([{ team: 'a' }, { team: 'a', hatchet__previous_traceparent: TRACEPARENT }, { team: 'a' }]);
});

test('a later invocation gets the size of its log and the number of its children', async () => {
  const client = await engine.client();
  const child = client.task({ name: 'child', fn: async () => ({}) });
  const seen: object[] = [];
  const ended = Promise.withResolvers<void>();
  const task = client.durableTask({
    name: 'evicted',
    evictionPolicy: { ttl: '1s', allowCapacityEviction: true, priority: 0 },
    fn: async (_, ctx) => {
      seen.push(ctx.additionalMetadata());
      await ctx.now();
      await ctx.spawnChild(child, {});
      await ctx.waitForEvent('go');
      ended.resolve();
      return {};
    },
  });
  await engine.work(client, [task, child]);
  await task.runNoWait({});
  const evicted = async () => (await engine.db.query(`SELECT FROM task WHERE status = 'EVICTED'`)).rows;
  await expect.poll(evicted, { timeout: 10_000 }).toHaveLength(1);
  await client.events.push('go', {});
  await ended.promise;
  expect(seen).toEqual([{}, { hatchet__durable_entries: 3, hatchet__durable_children: 1 }]);
}, 20_000);
