import { once } from 'node:events';
import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import {
  DurableTaskErrorType,
  DurableTaskRequest,
  type DurableTaskResponse,
  V1DispatcherDefinition,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Outbox } from '../contract/outbox.ts';
import { type EngineFixture, engineFixture } from '../testing/engine.ts';
import { rawClient } from '../testing/raw-client.ts';

let engine: EngineFixture;
const stopped = new AbortController();
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(async () => {
  stopped.abort();
  await engine.stop();
});

/** Scripted worker, and the task assigned to it. */
async function rawWorker(name: string) {
  const client = await engine.client();
  // Registers the workflow; the worker is not started.
  const task = client.durableTask({ name, fn: async () => ({}) });
  await client.worker('unused', { handleKill: false, workflows: [task] });
  const token = await engine.token();
  const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
  const { workerId } = await dispatcher.register({
    workerName: name,
    actions: [`${name}:${name}`],
    slotConfig: { durable: 5 },
    labels: {},
    services: [],
  });
  const { signal } = stopped;
  const actions = dispatcher.listenV2({ workerId }, { signal })[Symbol.asyncIterator]();
  const first = actions.next();
  const ref = await task.runNoWait({});
  const { value: action } = await first;
  const requests = new Outbox<DurableTaskRequest>();
  const responses = rawClient(V1DispatcherDefinition, engine.address, token)
    .durableTask(requests.messages(signal, signal), { signal })
    [Symbol.asyncIterator]();
  return {
    client,
    ref,
    taskId: action?.taskRunExternalId ?? '',
    nextAction: async () => (await actions.next()).value,
    send: (request: Parameters<typeof DurableTaskRequest.fromPartial>[0]) =>
      requests.send(DurableTaskRequest.fromPartial(request)),
    receive: async (): Promise<DurableTaskResponse | undefined> => (await responses.next()).value,
  };
}

const eventConditions = (userEventKey: string) => ({ waitForConditions: { userEventConditions: [{ userEventKey }] } });

const state = async (taskId: string) => {
  const { rows } = await engine.db.query<{ status: string; invocation: number }>(
    'SELECT status, invocation_count AS invocation FROM task WHERE id = $1',
    [taskId],
  );
  return rows[0];
};

test('an answer in transit during the eviction is not lost: the task runs again at once', async () => {
  const { client, taskId, send, receive, nextAction } = await rawWorker('crossing');
  const invocation = { durableTaskExternalId: taskId, invocationCount: 1 };
  send({ waitFor: { ...invocation, ...eventConditions('crossing') } });
  expect(await receive()).toMatchObject({ waitForAck: { ref: { ...invocation, nodeId: 1 } } });
  await client.events.push('crossing', { n: 1 });
  const payload = Buffer.from('{"CREATE":{"crossing":[{"n":1}]}}');
  expect(await receive()).toMatchObject({ entryCompleted: { ref: { ...invocation, nodeId: 1 }, payload } });

  send({ evictInvocation: invocation });
  expect(await receive()).toMatchObject({ evictionAck: invocation });
  expect(await nextAction()).toMatchObject({ taskRunExternalId: taskId, retryCount: 0, durableTaskInvocationCount: 2 });
});

test('an answer that the worker has received does not wake a task that waits for another', async () => {
  const { client, taskId, send, receive } = await rawWorker('settled');
  const invocation = { durableTaskExternalId: taskId, invocationCount: 1 };
  send({ waitFor: { ...invocation, ...eventConditions('settled-1') } });
  await receive();
  send({ waitFor: { ...invocation, ...eventConditions('settled-2') } });
  await receive();
  await client.events.push('settled-1', {});
  expect(await receive()).toMatchObject({ entryCompleted: { ref: { nodeId: 1 } } });

  send({ workerStatus: { workerId: '', waitingEntries: [{ ...invocation, branchId: 1, nodeId: 2 }] } });
  send({ evictInvocation: invocation });
  expect(await receive()).toMatchObject({ evictionAck: invocation });
  expect(await state(taskId)).toEqual({ status: 'EVICTED', invocation: 1 });
  await client.events.push('settled-2', {});
  await expect.poll(() => state(taskId), { timeout: 5_000 }).toEqual({ status: 'RUNNING', invocation: 2 });
});

test('an answer for a node that this invocation has not requested yet holds back later answers', async () => {
  const { client, taskId, send, receive, nextAction } = await rawWorker('held');
  const first = { durableTaskExternalId: taskId, invocationCount: 1 };
  for (const key of ['held-1', 'held-2', 'held-3']) {
    send({ waitFor: { ...first, ...eventConditions(key) } });
    await receive();
  }
  for (const key of ['held-3', 'held-1', 'held-2']) {
    await client.events.push(key, {});
    await receive();
  }
  send({ evictInvocation: first });
  await receive();
  await nextAction();

  const second = { ...first, invocationCount: 2 };
  const heard: string[] = [];
  const listen = async () => {
    const { waitForAck, entryCompleted } = (await receive()) ?? {};
    heard.push(waitForAck ? `ack ${waitForAck.ref?.nodeId}` : `answer ${entryCompleted?.ref?.nodeId}`);
  };
  for (const key of ['held-1', 'held-2', 'held-3']) {
    send({ waitFor: { ...second, ...eventConditions(key) } });
    await listen();
  }
  for (let left = 3; left > 0; left--) await listen();
  expect(heard).toEqual(['ack 1', 'ack 2', 'ack 3', 'answer 3', 'answer 1', 'answer 2']);
});

test('a child is found again by its index if it is the same, by its key whatever it is', async () => {
  const { taskId, send, receive } = await rawWorker('spawning');
  const invocation = { durableTaskExternalId: taskId, invocationCount: 1 };
  /** Spawns a child; returns its node and run, or the node of the refusal. */
  const spawn = async (n: number, as: { childIndex?: number; childKey?: string }) => {
    send({ triggerRuns: { ...invocation, triggerOpts: [{ name: 'spawning', input: JSON.stringify({ n }), ...as }] } });
    const { triggerRunsAck, error } = (await receive()) ?? {};
    if (error) return { refusedAt: error.ref?.nodeId, type: error.errorType };
    return triggerRunsAck?.runEntries[0]?.workflowRunExternalId;
  };
  const first = await spawn(1, { childIndex: 0 });
  const second = await spawn(2, { childIndex: 1 });
  expect(second).not.toBe(first);
  expect(await spawn(1, { childIndex: 0 })).toBe(first);
  const type = DurableTaskErrorType.DURABLE_TASK_ERROR_TYPE_NONDETERMINISM;
  expect(await spawn(1, { childIndex: 1 })).toEqual({ refusedAt: 2, type });
  const keyed = await spawn(1, { childKey: 'k' });
  expect(await spawn(2, { childKey: 'k' })).toBe(keyed);
  const { rowCount } = await engine.db.query('SELECT FROM run WHERE parent_task_id = $1', [taskId]);
  expect(rowCount).toBe(3);
});

test('a worker of another tenant receives nothing about a task', async () => {
  const { client, taskId, send, receive } = await rawWorker('private');
  const invocation = { durableTaskExternalId: taskId, invocationCount: 1 };
  const stranger = rawClient(
    V1DispatcherDefinition,
    engine.address,
    await engine.token({ tenantId: await engine.tenant() }),
  );
  const ended = new AbortController();
  async function* requests(): AsyncGenerator<Parameters<typeof DurableTaskRequest.fromPartial>[0]> {
    yield { waitFor: { ...invocation, ...eventConditions('private') } };
    if (!ended.signal.aborted) await once(ended.signal, 'abort');
  }
  for await (const answer of stranger.durableTask(requests(), { signal: ended.signal })) {
    expect(answer).toMatchObject({ serverEvict: invocation });
    break;
  }
  ended.abort();
  send({ waitFor: { ...invocation, ...eventConditions('private') } });
  expect(await receive()).toMatchObject({ waitForAck: { ref: { nodeId: 1 } } });
  await client.events.push('private', {});
  expect(await receive()).toMatchObject({ entryCompleted: { ref: { nodeId: 1 } } });
});

test('the stream of the older protocol stays open, and refuses a request on it', async () => {
  const { signal } = stopped;
  const requests = new Outbox<{ taskId: string; signalKey: string }>();
  const responses = rawClient(V1DispatcherDefinition, engine.address, await engine.token())
    .listenForDurableEvent(requests.messages(signal, signal), { signal })
    [Symbol.asyncIterator]();
  const outcome = responses.next().catch((error: { details: string }) => error.details);
  // A later call on the same connection is answered first: the stream has not ended by itself.
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  expect(await Promise.race([outcome, dispatcher.getVersion({})])).toHaveProperty('version');
  requests.send({ taskId: 'any', signalKey: 'any' });
  expect(await outcome).toContain('ListenForDurableEvent is not supported by this engine');
});
