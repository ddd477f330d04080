import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { listLogLines } from '@hatchet-ts/storage/reads';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

const linesOf = (taskId: string) =>
  listLogLines(engine.db, DEFAULT_TENANT, taskId, {}, { direction: 'ASC', limit: 100 });

test('log lines of a task are stored with level and attempt', async () => {
  const client = await engine.client();
  const task = client.task({
    name: 'talkative',
    retries: 1,
    fn: async (_, ctx) => {
      await ctx.logger.info('hello');
      await ctx.logger.error('no good');
      if (ctx.retryCount() === 0) throw new Error('again');
      return {};
    },
  });
  await engine.work(client, [task]);
  const ref = await task.runNoWait({});
  await ref.output;
  const runId = await ref.getWorkflowRunId();
  await expect.poll(async () => (await linesOf(runId)).length).toBe(4);
  const lines = (await linesOf(runId)).map(({ level, message, retryCount }) => `${retryCount} ${level} ${message}`);
  expect(lines.sort()).toEqual(['0 ERROR no good', '0 INFO hello', '1 ERROR no good', '1 INFO hello']);
});

test('levels of other languages map to Hatchet’s, and Python’s empty metadata means none', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'levels', fn: async () => ({}) });
  await engine.work(client, [task]);
  const runId = await (await task.runNoWait({})).getWorkflowRunId();
  const events = rawClient(EventsServiceDefinition, engine.address, await engine.token());
  for (const level of ['WARNING', 'critical', 'nonsense', undefined]) {
    await events.putLog({
      taskRunExternalId: runId,
      message: `as ${level}`,
      level,
      metadata: '',
      createdAt: new Date(),
    });
  }
  expect((await linesOf(runId)).map(({ level, message }) => `${message}: ${level}`)).toEqual([
    'as WARNING: WARN',
    'as critical: ERROR',
    'as nonsense: INFO',
    'as undefined: INFO',
  ]);
  const tooLong = events.putLog({ taskRunExternalId: runId, message: 'x'.repeat(10_001) });
  await expect(tooLong).rejects.toThrow('a log line can have at most 10000 characters');
  const stranger = rawClient(
    EventsServiceDefinition,
    engine.address,
    await engine.token({ tenantId: await engine.tenant() }),
  );
  const foreign = stranger.putLog({ taskRunExternalId: runId, message: 'forged' });
  await expect(foreign).rejects.toMatchObject({ code: Status.NOT_FOUND });
});
