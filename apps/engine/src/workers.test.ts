import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { EngineLockHeldError } from '@hatchet-ts/storage/engine-lock';
import { Status } from 'nice-grpc';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine } from './engine.ts';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture({ heartbeat: 6_000, heartbeatCheck: 100, start: 700 });
});
afterAll(() => engine.stop());

/** Registers a worker that listens and reports nothing. */
async function silentWorker(actions: string[]) {
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  const { workerId } = await dispatcher.register({ workerName: 'silent', actions, slotConfig: { default: 5 } });
  const closing = new AbortController();
  const stream = dispatcher.listenV2({ workerId }, { signal: closing.signal })[Symbol.asyncIterator]();
  const next = stream.next();
  return { dispatcher, workerId, first: () => next.then(({ value }) => value), close: () => closing.abort() };
}

test('a paused worker gets no tasks until it is resumed', async () => {
  const client = await engine.client();
  let runs = 0;
  const paused = client.task({
    name: 'paused',
    fn: async () => ({ runs: ++runs }),
  });
  const witness = client.task({ name: 'witness', fn: async () => ({}) });
  const worker = await engine.work(client, [paused]);
  await engine.work(client, [witness]);
  await paused.run({});

  const setPaused = (value: boolean) =>
    engine.db.query('UPDATE worker SET paused = $2 WHERE id = $1', [worker._internal.workerId, value]);
  await setPaused(true);
  // A task that runs proves that the notification committed before it has arrived.
  await witness.run({});
  const ref = await paused.runNoWait({});
  await witness.run([{}, {}]);
  expect(runs).toBe(1);
  await setPaused(false);
  expect(await ref.output).toEqual({ runs: 2 });
});

test('a task is reassigned if its worker sends no heartbeats', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'orphan', retries: 0, fn: async (_, ctx) => ({ retry: ctx.retryCount() }) });
  await (await engine.work(client, [task])).stop();
  const silent = await silentWorker(['orphan:orphan']);
  const ref = await task.runNoWait({});
  const action = await silent.first();
  await silent.dispatcher.sendStepActionEvent({
    taskRunExternalId: action.taskRunExternalId,
    retryCount: 0,
    eventType: 1,
  });

  await engine.work(client, [task]);
  expect(await ref.output).toEqual({ retry: 1 });

  const late = { taskRunExternalId: action.taskRunExternalId, retryCount: 0, eventType: 2, eventPayload: '{"late":1}' };
  await silent.dispatcher.sendStepActionEvent(late);
  expect(await client.runRef(await ref.getWorkflowRunId()).output).toEqual({ orphan: { retry: 1 } });
  silent.close();
}, 20_000);

test('a task is reassigned if its worker does not report the start', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'unheard', fn: async (_, ctx) => ({ retry: ctx.retryCount() }) });
  await (await engine.work(client, [task])).stop();
  const silent = await silentWorker(['unheard:unheard']);
  const ref = await task.runNoWait({});
  await silent.first();
  await silent.dispatcher.unsubscribe({ workerId: silent.workerId });

  await engine.work(client, [task]);
  expect(await ref.output).toEqual({ retry: 1 });
  silent.close();
});

test('the stream of an unregistered worker ends with an error', async () => {
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  const workerId = '00000000-0000-4000-8000-000000000000';
  const stream = dispatcher.listenV2({ workerId })[Symbol.asyncIterator]();
  await expect(stream.next()).rejects.toMatchObject({ code: Status.NOT_FOUND });
  await expect(dispatcher.heartbeat({ workerId })).rejects.toMatchObject({ code: Status.NOT_FOUND });
});

test('a second stream of a worker replaces the first', async () => {
  const silent = await silentWorker(['nothing:nothing']);
  const closing = new AbortController();
  const second = silent.dispatcher.listenV2({ workerId: silent.workerId }, { signal: closing.signal });
  // The network decides the order of two streams opened at once.
  const streams = [silent.first(), second[Symbol.asyncIterator]().next()];
  await expect(Promise.race(streams)).rejects.toMatchObject({ code: Status.ABORTED });
  closing.abort();
  void Promise.allSettled(streams);
});

test('unsupported methods are rejected by name', async () => {
  const token = await engine.token();
  const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, token);
  await expect(dispatcher.putOverridesData({})).rejects.toThrow('PutOverridesData is not supported by this engine');
  await expect(workflows.putRateLimit({})).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
  const sticky = { name: 'any', input: '{}', desiredWorkerId: 'x' };
  await expect(workflows.triggerWorkflow(sticky)).rejects.toThrow("Hatchet's own engine has it");
});

test('a second engine on the same database fails to start, and names the first', async () => {
  const log = pino({ level: 'silent' });
  const second = startEngine({
    databaseUrl: engine.databaseUrl,
    bindAddress: '127.0.0.1',
    port: 0,
    log,
    tracing: false,
  });
  await expect(second).rejects.toThrow(EngineLockHeldError);
  await expect(second).rejects.toThrow(/"hatchet-engine".* backend \d+, since 2/);
});

test('an engine that has lost its lock regains it and continues', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'patient', fn: async () => ({ ok: true }) });
  await engine.work(client, [task]);
  const holders = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const { rows: before } = await engine.db.query<{ pid: number }>(holders);
  expect(before).toHaveLength(1);
  await engine.db.query('SELECT pg_terminate_backend($1)', [before[0]!.pid]);

  expect(await task.run({})).toEqual({ ok: true });
  const { rows: after } = await engine.db.query<{ pid: number }>(holders);
  expect(after.map(({ pid }) => pid)).not.toEqual(before.map(({ pid }) => pid));
  expect(after).toHaveLength(1);
});
