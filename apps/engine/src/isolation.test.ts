import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { ClientError, Status } from 'nice-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callParents } from './contract/call-parent.ts';
import { WorkflowsDefinition } from './contract/workflows.ts';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

const DEFINITIONS = [
  DispatcherDefinition,
  AdminServiceDefinition,
  WorkflowsDefinition,
  EventsServiceDefinition,
  V1DispatcherDefinition,
];
const METHODS = DEFINITIONS.flatMap(({ fullName, methods }) =>
  Object.values(methods).map(({ name }) => `${fullName}/${name}`),
);

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** One of everything that a tenant can have: a running, a finished and an evicted task, and a worker. */
async function belongings() {
  const tenantId = await engine.tenant();
  const client = await engine.client(tenantId);
  const started = Promise.withResolvers<void>();
  const secret = client.task({
    name: 'secret',
    executionTimeout: '60s',
    onEvents: ['secret'],
    fn: async ({ wait }: { wait?: boolean }, ctx) => {
      if (!wait) return { secret: true };
      started.resolve();
      await new Promise((resolve) => ctx.abortController.signal.addEventListener('abort', resolve));
      return {};
    },
  });
  const worker = await engine.work(client, [secret]);
  const running = await secret.runNoWait({ wait: true });
  const finished = await secret.runNoWait({});
  await Promise.all([started.promise, finished.output]);
  return {
    tenantId,
    running: await running.getWorkflowRunId(),
    finished: await finished.getWorkflowRunId(),
    workerId: worker._internal.workerId ?? '',
  };
}

/** Rows of a tenant, without columns that change by themselves. */
async function inventory(tenantId: string): Promise<unknown> {
  const tables = ['run', 'task', 'event', 'schedule', 'cron', 'log_line', 'workflow'];
  const rows = tables.map((table) =>
    engine.db.query(`SELECT * FROM ${table} WHERE tenant_id = $1 ORDER BY id`, [tenantId]),
  );
  const workers = engine.db.query('SELECT id, labels, paused, unsubscribed_at FROM worker WHERE tenant_id = $1', [
    tenantId,
  ]);
  return (await Promise.all([...rows, workers])).map((result) => result.rows);
}

test('no method changes or shows another tenant’s data', async () => {
  const { tenantId, running, finished, workerId } = await belongings();
  const token = await engine.token({ tenantId: await engine.tenant() });
  const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
  const admin = rawClient(AdminServiceDefinition, engine.address, token);
  const workflows = rawClient(WorkflowsDefinition, engine.address, token);
  const events = rawClient(EventsServiceDefinition, engine.address, token);
  const durable = rawClient(V1DispatcherDefinition, engine.address, token);
  const forged = { taskRunExternalId: running, retryCount: 0, eventType: 2, eventPayload: '{"forged":true}' };
  const child = { name: 'secret', input: '{}', parentTaskRunExternalId: running };

  /** Resolves to the first message of a stream, or to `silence` if none arrives before later calls have returned. */
  const listened = async (open: (signal: AbortSignal) => AsyncIterable<unknown>) => {
    const closing = new AbortController();
    const first = open(closing.signal)
      [Symbol.asyncIterator]()
      .next()
      .then(
        ({ value }) => value as unknown,
        (error: unknown) => (closing.signal.aborted ? 'silence' : Promise.reject(error)),
      );
    first.catch(() => {});
    for (const _ of [1, 2, 3]) await admin.getRunDetails({ externalId: finished }).catch(() => {});
    closing.abort();
    return first;
  };
  const forever = async function* <Message>(...messages: Message[]) {
    yield* messages;
    await new Promise(() => {});
  };

  const calls: Record<string, () => Promise<unknown>> = {
    'Dispatcher/Register': () =>
      dispatcher.register({ workerName: 'spy', actions: ['secret:secret'] }).then(() => 'its own'),
    'Dispatcher/Listen': () => listened((signal) => dispatcher.listen({ workerId }, { signal })),
    'Dispatcher/ListenV2': () => listened((signal) => dispatcher.listenV2({ workerId }, { signal })),
    'Dispatcher/Heartbeat': () => dispatcher.heartbeat({ workerId }),
    'Dispatcher/SubscribeToWorkflowEvents': () =>
      listened((signal) => dispatcher.subscribeToWorkflowEvents({ workflowRunId: finished }, { signal })),
    'Dispatcher/SubscribeToWorkflowRuns': () =>
      listened((signal) => dispatcher.subscribeToWorkflowRuns(forever({ workflowRunId: finished }), { signal })),
    'Dispatcher/SendStepActionEvent': () =>
      dispatcher.sendStepActionEvent({ workerId, ...forged }).then(() => 'ignored'),
    'Dispatcher/SendBatchActionEvent': () =>
      dispatcher
        .sendBatchActionEvent({ workerId, batchId: running, eventType: 2, items: [forged] })
        .then(() => 'ignored'),
    'Dispatcher/SendGroupKeyActionEvent': () => dispatcher.sendGroupKeyActionEvent({ workerId }),
    'Dispatcher/PutOverridesData': () => dispatcher.putOverridesData({ taskRunExternalId: running }),
    'Dispatcher/Unsubscribe': () => dispatcher.unsubscribe({ workerId }),
    'Dispatcher/RefreshTimeout': () =>
      dispatcher.refreshTimeout({ taskRunExternalId: running, incrementTimeoutBy: '1h' }),
    'Dispatcher/ReleaseSlot': () => dispatcher.releaseSlot({ taskRunExternalId: running }),
    'Dispatcher/RestoreEvictedTask': () => dispatcher.restoreEvictedTask({ taskRunExternalId: running }),
    'Dispatcher/UpsertWorkerLabels': () =>
      dispatcher.upsertWorkerLabels({ workerId, labels: { spy: { strValue: 'x' } } }),
    'Dispatcher/GetVersion': () => dispatcher.getVersion({}).then(() => 'nobody’s'),
    'v1.AdminService/PutWorkflow': () =>
      admin.putWorkflow({ name: 'secret', tasks: [{ readableId: 'a', action: 'secret:a' }] }).then(() => 'its own'),
    'v1.AdminService/CancelTasks': () => admin.cancelTasks({ externalIds: [running], filter: { since: new Date(0) } }),
    'v1.AdminService/ReplayTasks': () => admin.replayTasks({ externalIds: [finished], filter: { since: new Date(0) } }),
    'v1.AdminService/TriggerWorkflowRun': () => admin.triggerWorkflowRun({ workflowName: 'secret' }),
    'v1.AdminService/GetRunDetails': () => admin.getRunDetails({ externalId: finished }),
    'v1.AdminService/BranchDurableTask': () => admin.branchDurableTask({ taskExternalId: running }),
    'WorkflowService/PutWorkflow': () => workflows.putWorkflow({}),
    'WorkflowService/ScheduleWorkflow': () => workflows.scheduleWorkflow({ ...child, schedules: [new Date()] }),
    'WorkflowService/TriggerWorkflow': () => workflows.triggerWorkflow(child),
    'WorkflowService/BulkTriggerWorkflow': () => workflows.bulkTriggerWorkflow({ workflows: [child] }),
    'WorkflowService/PutRateLimit': () => workflows.putRateLimit({ key: 'k' }),
    'WorkflowService/PauseRateLimit': () => workflows.pauseRateLimit({}),
    'EventsService/Push': () => events.push({ key: 'secret', payload: '{}' }).then(() => 'its own'),
    'EventsService/BulkPush': () =>
      events.bulkPush({ events: [{ key: 'secret', payload: '{}' }] }).then(() => 'its own'),
    'EventsService/ReplaySingleEvent': () => events.replaySingleEvent({ eventId: running }),
    'EventsService/PutLog': () => events.putLog({ taskRunExternalId: running, message: 'forged' }),
    'EventsService/PutStreamEvent': () =>
      events.putStreamEvent({ taskRunExternalId: running, message: Buffer.from('forged') }).then(() => 'dropped'),
    'v1.V1Dispatcher/DurableTask': () =>
      listened((signal) => durable.durableTask(forever({ registerWorker: { workerId } }), { signal })),
    'v1.V1Dispatcher/RegisterDurableEvent': () => durable.registerDurableEvent({ taskId: running }),
    'v1.V1Dispatcher/ListenForDurableEvent': () =>
      listened((signal) => durable.listenForDurableEvent(forever({ taskId: running }), { signal })),
  };
  expect(Object.keys(calls).sort()).toEqual([...METHODS].sort());

  const before = await inventory(tenantId);
  const outcomes: Record<string, unknown> = {};
  for (const [method, call] of Object.entries(calls)) {
    outcomes[method] = await call().catch((error: unknown) =>
      error instanceof ClientError ? Status[error.code] : error,
    );
  }
  expect(outcomes).toMatchInlineSnapshot(`
    {
      "Dispatcher/GetVersion": "nobody’s",
      "Dispatcher/Heartbeat": "NOT_FOUND",
      "Dispatcher/Listen": "UNIMPLEMENTED",
      "Dispatcher/ListenV2": "NOT_FOUND",
      "Dispatcher/PutOverridesData": "UNIMPLEMENTED",
      "Dispatcher/RefreshTimeout": "NOT_FOUND",
      "Dispatcher/Register": "its own",
      "Dispatcher/ReleaseSlot": "NOT_FOUND",
      "Dispatcher/RestoreEvictedTask": "NOT_FOUND",
      "Dispatcher/SendBatchActionEvent": "ignored",
      "Dispatcher/SendGroupKeyActionEvent": "UNIMPLEMENTED",
      "Dispatcher/SendStepActionEvent": "ignored",
      "Dispatcher/SubscribeToWorkflowEvents": "silence",
      "Dispatcher/SubscribeToWorkflowRuns": "silence",
      "Dispatcher/Unsubscribe": "NOT_FOUND",
      "Dispatcher/UpsertWorkerLabels": "NOT_FOUND",
      "EventsService/BulkPush": "its own",
      "EventsService/Push": "its own",
      "EventsService/PutLog": "NOT_FOUND",
      "EventsService/PutStreamEvent": "dropped",
      "EventsService/ReplaySingleEvent": "UNIMPLEMENTED",
      "WorkflowService/BulkTriggerWorkflow": "INVALID_ARGUMENT",
      "WorkflowService/PauseRateLimit": "UNIMPLEMENTED",
      "WorkflowService/PutRateLimit": "UNIMPLEMENTED",
      "WorkflowService/PutWorkflow": "UNIMPLEMENTED",
      "WorkflowService/ScheduleWorkflow": "INVALID_ARGUMENT",
      "WorkflowService/TriggerWorkflow": "INVALID_ARGUMENT",
      "v1.AdminService/BranchDurableTask": "UNIMPLEMENTED",
      "v1.AdminService/CancelTasks": {
        "cancelledTasks": [],
      },
      "v1.AdminService/GetRunDetails": "NOT_FOUND",
      "v1.AdminService/PutWorkflow": "its own",
      "v1.AdminService/ReplayTasks": {
        "replayedTasks": [],
      },
      "v1.AdminService/TriggerWorkflowRun": "UNIMPLEMENTED",
      "v1.V1Dispatcher/DurableTask": "NOT_FOUND",
      "v1.V1Dispatcher/ListenForDurableEvent": "UNIMPLEMENTED",
      "v1.V1Dispatcher/RegisterDurableEvent": "UNIMPLEMENTED",
    }
  `);
  expect(await inventory(tenantId)).toEqual(before);

  const owner = rawClient(AdminServiceDefinition, engine.address, await engine.token({ tenantId }));
  expect(await owner.cancelTasks({ externalIds: [running] })).toEqual({ cancelledTasks: [running] });

  // The other tenant has a workflow of that name now; a parent of another tenant is still rejected.
  await expect(workflows.triggerWorkflow(child)).rejects.toThrow('parent task run not found');
  await expect(workflows.scheduleWorkflow({ ...child, schedules: [new Date()] })).rejects.toThrow(
    'parent task run not found',
  );
});

test.each(METHODS)('%s rejects calls without a token', async (method) => {
  const [service = '', name = ''] = method.split('/');
  const definition = DEFINITIONS.find(({ fullName }) => fullName === service);
  const [key, { requestStream, responseStream }] = Object.entries(definition?.methods ?? {}).find(
    ([, { name: own }]) => own === name,
  ) as [string, { requestStream: boolean; responseStream: boolean }];
  const client = rawClient(definition as typeof DispatcherDefinition, engine.address) as unknown as Record<
    string,
    (request: unknown) => Promise<unknown> & AsyncIterable<unknown>
  >;
  const answer = client[key]?.(requestStream ? (async function* () {})() : {});
  const outcome = responseStream ? answer?.[Symbol.asyncIterator]().next() : answer;
  await expect(outcome).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
});

test('a call without a valid token causes no query for its parent', async () => {
  const asked: string[] = [];
  const contexts = {
    ofRun: async (tenantId: string) => void asked.push(tenantId),
    ofAttempt: async (tenantId: string) => void asked.push(tenantId),
  };
  const parentOf = callParents(
    contexts as unknown as Parameters<typeof callParents>[0],
    async (tenantId?: string) => tenantId,
  );
  const run = '00000000-0000-4000-8000-000000000000';
  const requests: [string, object][] = [
    ['Dispatcher/SendStepActionEvent', { taskRunExternalId: run }],
    ['Dispatcher/RefreshTimeout', { taskRunExternalId: run }],
    ['v1.AdminService/GetRunDetails', { externalId: run }],
    ['v1.AdminService/CancelTasks', { externalIds: [run] }],
    ['WorkflowService/TriggerWorkflow', { parentTaskRunExternalId: run }],
    ['WorkflowService/BulkTriggerWorkflow', { workflows: [{ parentTaskRunExternalId: run }] }],
  ];
  for (const [path, request] of requests) await parentOf(`/${path}`, request, undefined);
  expect(asked).toEqual([]);
  for (const [path, request] of requests) await parentOf(`/${path}`, request, 'tenant');
  expect(asked).toHaveLength(requests.length);
});
