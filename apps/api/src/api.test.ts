import { randomUUID } from 'node:crypto';
import type { Worker } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { type Context, HatchetClient, type JsonObject } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { createDatabase, type Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { storeSpans } from '@hatchet-ts/storage/traces';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningService, startService } from './service.fixture.ts';
import { silentSdk } from './silent-sdk.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
const NOBODY = '33333333-3333-4333-8333-333333333333';

describe('the REST API, with the engine and the official SDK', () => {
  let temporary: TemporaryDatabase;
  let db: Database;
  let engine: RunningService;
  let api: RunningService;
  let token: string;
  let otherToken: string;
  let operatorToken: string;
  let hatchet: HatchetClient;
  let worker: Worker;
  let started = Promise.withResolvers<string>();

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    db = createDatabase(temporary.url, { applicationName: 'api test' });
    await migrate(db);
    await db.query(`INSERT INTO tenant (id, name, slug) VALUES ($1, 'other', 'other')`, [OTHER_TENANT]);
    engine = await startService('engine', { DATABASE_URL: temporary.url, SERVER_GRPC_PORT: '0' });
    api = await startService('api', {
      DATABASE_URL: temporary.url,
      SERVER_PORT: '0',
      SERVER_GRPC_BROADCAST_ADDRESS: engine.address,
    });
    const addresses = { serverUrl: `http://${api.address}`, grpcAddress: engine.address };
    token = await issueToken(db, { tenantId: TENANT, ...addresses });
    otherToken = await issueToken(db, { tenantId: OTHER_TENANT, ...addresses });
    operatorToken = await issueToken(db, { scope: 'operator', ...addresses });
    hatchet = clientWith(token);

    const double = hatchet.task({ name: 'double', fn: ({ n }: { n: number }) => ({ n: n * 2 }) });
    const parent = hatchet.task({ name: 'parent', fn: async () => ({ child: await double.run({ n: 1 }) }) });
    const fail = hatchet.task({
      name: 'fail',
      fn: (): JsonObject => {
        throw new Error('card declined');
      },
    });
    const wait = hatchet.task({
      name: 'wait',
      fn: async (_input: JsonObject, context: Context<JsonObject>) => {
        started.resolve(context.workflowRunId());
        await new Promise((_resolve, reject) => context.abortController.signal.addEventListener('abort', reject));
        return {};
      },
    });
    const chain = hatchet.workflow<JsonObject>({ name: 'chain', onEvents: ['order:placed'] });
    const first = chain.task({ name: 'first', fn: () => ({ step: 1 }) });
    chain.task({ name: 'second', parents: [first], fn: async (_, ctx) => ({ after: await ctx.parentOutput(first) }) });
    worker = await hatchet.worker('api-test', { workflows: [double, parent, fail, wait, chain], handleKill: false });
    void worker.start();
    await worker.waitUntilReady(20_000);
  });

  afterAll(async () => {
    await worker?.stop();
    await api?.stop();
    await engine?.stop();
    await db.close();
    await temporary.drop();
  });

  function clientWith(token: string): HatchetClient {
    return HatchetClient.init({ token, tls_config: { tls_strategy: 'none' }, logger: silentSdk });
  }

  async function call(method: string, path: string, body?: unknown, bearer: string | undefined = token) {
    const response = await fetch(`http://${api.address}${path}`, {
      method,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  }

  const trigger = (body: unknown, bearer?: string) =>
    call('POST', `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`, body, bearer);
  const error = (status: number, description: string) => ({ status, body: { errors: [{ description }] } });
  const finished = (runId: string) => expect.poll(() => hatchet.runs.get_status(runId), { timeout: 20_000 });

  it('shows a finished run to the SDK: status, input, output, metadata, tasks', async () => {
    const ref = await hatchet.runNoWait('double', { n: 21 }, { additionalMetadata: { shop: 'north' } });
    expect(await ref.output).toEqual({ double: { n: 42 } });
    const id = await ref.getWorkflowRunId();
    expect(await hatchet.runs.get_status(id)).toBe('COMPLETED');
    expect(await hatchet.runs.get(id)).toEqual({
      run: expect.objectContaining({
        metadata: expect.objectContaining({ id }),
        status: 'COMPLETED',
        input: { n: 21 },
        output: { n: 42 },
        additionalMetadata: expect.objectContaining({ shop: 'north' }),
        tenantId: TENANT,
        duration: expect.any(Number),
      }),
      tasks: [
        expect.objectContaining({
          taskExternalId: id,
          workflowRunExternalId: id,
          type: 'TASK',
          displayName: 'double',
          actionId: 'double:double',
          status: 'COMPLETED',
          attempt: 1,
          output: { n: 42 },
        }),
      ],
      taskEvents: [],
      shape: [],
    });
    expect(await hatchet.runs.getTaskExternalId(id)).toBe(id);
    expect((await call('GET', `/api/v1/stable/tasks/${id}`)).body).toMatchObject({
      taskExternalId: id,
      status: 'COMPLETED',
    });
  });

  it('shows why a run failed', async () => {
    const ref = await hatchet.runNoWait('fail', {}, {});
    await expect(ref.output).rejects.toBeDefined();
    const id = await ref.getWorkflowRunId();
    const { run, tasks } = await hatchet.runs.get(id);
    expect(run).toMatchObject({ status: 'FAILED', errorMessage: expect.stringContaining('card declined') });
    expect(tasks[0]).toMatchObject({ status: 'FAILED', errorMessage: expect.stringContaining('card declined') });
  });

  it('lists runs by workflow name, status, metadata and time, in pages', async () => {
    const mark = randomUUID();
    const metadata = { mark, shop: 'south' };
    const refs = [];
    for (const n of [1, 2, 3]) refs.push(await hatchet.runNoWait('double', { n }, { additionalMetadata: metadata }));
    await Promise.all(refs.map((ref) => ref.output));
    const ids = await Promise.all(refs.map((ref) => ref.getWorkflowRunId()));
    const listed = async (options: Parameters<typeof hatchet.runs.list>[0]) => {
      const { rows, pagination } = await hatchet.runs.list({ additionalMetadata: { mark }, ...options });
      return { ids: rows.map((row) => row.metadata.id), ...pagination };
    };
    expect(await listed({})).toEqual({ ids: ids.toReversed(), current_page: 1, next_page: 1, num_pages: 1 });
    expect(await listed({ limit: 2 })).toEqual({ ids: [ids[2], ids[1]], current_page: 1, next_page: 2, num_pages: 2 });
    expect(await listed({ limit: 2, offset: 2 })).toEqual({
      ids: [ids[0]],
      current_page: 2,
      next_page: 2,
      num_pages: 2,
    });
    expect(await listed({ workflowNames: ['double'] })).toMatchObject({ ids: { length: 3 } });
    expect(await listed({ workflowNames: ['chain'] })).toMatchObject({ ids: [] });
    expect(await listed({ statuses: ['FAILED' as never] })).toMatchObject({ ids: [] });
    expect(await listed({ statuses: ['FAILED' as never, 'COMPLETED' as never] })).toMatchObject({ ids: { length: 3 } });
    expect(await listed({ until: new Date(0) })).toMatchObject({ ids: [] });
    expect(await listed({ since: new Date(Date.now() + 60_000) })).toMatchObject({ ids: [] });

    const list = `/api/v1/stable/tenants/${TENANT}/workflow-runs?additional_metadata=mark:${mark}&additional_metadata=shop:north`;
    expect((await call('GET', list)).body.rows).toHaveLength(4);
    expect((await call('GET', `${list}&additional_metadata_operator=AND`)).body.rows).toHaveLength(0);
  });

  it('shows a run of several tasks with all of them, and each for itself', async () => {
    const ref = await hatchet.runNoWait('chain', {}, {});
    await ref.output;
    const id = await ref.getWorkflowRunId();
    const output = { first: { step: 1 }, second: { after: { step: 1 } } };
    const { run, tasks } = await hatchet.runs.get(id);
    expect(run).toMatchObject({ status: 'COMPLETED', output });
    expect(tasks.map(({ displayName }) => displayName)).toEqual(['first', 'second']);
    const since = new Date(run.metadata.createdAt);
    const { rows } = await hatchet.runs.list({ since, workflowNames: ['chain'] });
    expect(rows).toMatchObject([{ type: 'DAG', taskExternalId: id, output, children: { length: 2 } }]);
    const { rows: only } = await hatchet.runs.list({ since, workflowNames: ['chain'], onlyTasks: true });
    expect(only.map((task) => [task.type, task.displayName, task.workflowRunExternalId])).toEqual(
      expect.arrayContaining([
        ['TASK', 'first', id],
        ['TASK', 'second', id],
      ]),
    );
  });

  it('lists the runs that a task has started, and those that a worker has worked on', async () => {
    const ref = await hatchet.runNoWait('parent', {}, {});
    await ref.output;
    const id = await ref.getWorkflowRunId();
    const { rows } = await hatchet.runs.list({ parentTaskExternalId: id });
    expect(rows).toMatchObject([{ displayName: 'double', parentTaskExternalId: id }]);
    expect((await hatchet.runs.get(id)).tasks).toMatchObject([{ numSpawnedChildren: 1 }]);
    const workers = await hatchet.workers.list();
    const byWorker = async (workerId: string) => {
      const page = await hatchet.runs.list({ workerId, workflowNames: ['parent'] });
      return page.rows.map(({ taskExternalId }) => taskExternalId);
    };
    expect(await byWorker(workers.rows![0]!.metadata.id)).toEqual([id]);
    expect(await byWorker(NOBODY)).toEqual([]);
  });

  it('starts a run and answers with it', async () => {
    const { status, body } = await trigger({
      workflowName: 'Double',
      input: { n: 4 },
      additionalMetadata: { by: 'rest' },
      priority: 2,
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        run: { tenantId: TENANT, input: { n: 4 }, additionalMetadata: { by: 'rest' } },
        tasks: [{ displayName: 'double' }],
      },
    });
    const { id } = body.run.metadata;
    await finished(id).toBe('COMPLETED');
    expect((await hatchet.runs.get(id)).run.output).toEqual({ n: 8 });
  });

  it('hands numbers on exactly', async () => {
    const { body } = await trigger('{"workflowName":"chain","input":{"big":9007199254740993,"one":1.0}}');
    const { text } = await call('GET', `/api/v1/stable/workflow-runs/${body.run.metadata.id}`);
    expect(text).toContain('"input":{"big":9007199254740993,"one":1.0}');
  });

  it('refuses to start what it cannot, at once and with the reason', async () => {
    expect(await trigger({ workflowName: 'nowhere', input: {} })).toMatchObject(
      error(400, 'workflow names not found: nowhere'),
    );
    expect(await trigger('{')).toMatchObject(error(400, 'the body must be JSON'));
    expect(await trigger({ input: {}, priority: 9 })).toMatchObject({
      status: 400,
      body: { errors: [{ description: expect.stringMatching(/workflowName: .*; priority: /) }] },
    });
  });

  it('cancels a run for the SDK', async () => {
    started = Promise.withResolvers();
    const ref = await hatchet.runNoWait('wait', {}, {});
    const id = await ref.getWorkflowRunId();
    expect(await started.promise).toBe(id);
    await hatchet.runs.cancel({ ids: [id] });
    await finished(id).toBe('CANCELLED');
  });

  it('cancels by filter', async () => {
    started = Promise.withResolvers();
    const mark = randomUUID();
    const ref = await hatchet.runNoWait('wait', {}, { additionalMetadata: { mark } });
    const id = await started.promise;
    expect(id).toBe(await ref.getWorkflowRunId());
    await hatchet.runs.cancel({ filters: { since: new Date(Date.now() - 60_000), additionalMetadata: { mark } } });
    await finished(id).toBe('CANCELLED');
  });

  it('lists workers and pauses them', async () => {
    const { rows = [] } = await hatchet.workers.list();
    expect(rows).toMatchObject([{ name: 'api-test', status: 'ACTIVE', type: 'SELFHOSTED' }]);
    const { id } = rows[0]!.metadata;
    await hatchet.workers.pause(id);
    expect(await hatchet.workers.isPaused(id)).toBe(true);
    await hatchet.workers.unpause(id);
    expect(await hatchet.workers.get(id)).toMatchObject({ status: 'ACTIVE' });
  });

  it('lists events with the runs that they started', async () => {
    const { eventId } = await hatchet.events.push(
      'order:placed',
      { order: 1 },
      { additionalMetadata: { shop: 'west' } },
    );
    const events = async () =>
      (await call('GET', `/api/v1/stable/tenants/${TENANT}/events?keys=order:placed`)).body.rows;
    await expect
      .poll(events, { timeout: 20_000 })
      .toMatchObject([{ metadata: { id: eventId }, payload: { order: 1 }, workflowRunSummary: { succeeded: 1 } }]);
    const [{ triggeredRuns }] = await events();
    const { rows } = (
      await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs?triggering_event_external_id=${eventId}`)
    ).body;
    expect(rows.map((row: { metadata: { id: string } }) => ({ workflowRunId: row.metadata.id }))).toEqual(
      triggeredRuns,
    );
  });

  it('shows the spans of a run in pages, and lists the runs of a trace', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const ref = await hatchet.runNoWait('double', { n: 1 }, { additionalMetadata: { traceparent } });
    await ref.output;
    const id = await ref.getWorkflowRunId();
    await storeSpans(
      db,
      { scope: 'tenant', tenantId: TENANT },
      ['00000000000000a1', '00000000000000a2', '00000000000000a3'].map((spanId, index) =>
        span(traceId, spanId, BigInt(index)),
      ),
    );
    const page = (query: string, bearer?: string, tenant = TENANT) =>
      call('GET', `/api/v1/stable/tenants/${tenant}/traces?run_external_id=${id}${query}`, undefined, bearer);
    expect((await page('&offset=2&limit=2')).body).toMatchObject({
      pagination: { current_page: 2, next_page: 2, num_pages: 2 },
      rows: [{ traceId, spanId: '00000000000000a3', startTimeUnixNano: '2', events: [], links: [] }],
    });
    expect(await page('', otherToken, OTHER_TENANT)).toMatchObject(error(404, 'workflow run not found'));
    const { rows } = (await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs?trace_id=${traceId}`)).body;
    expect(rows).toMatchObject([{ metadata: { id } }]);
  });

  it('shows a tenant nothing of another one', async () => {
    const { id } = (await trigger({ workflowName: 'double', input: { n: 1 } })).body.run.metadata;
    const { metadata } = (await hatchet.workers.list()).rows![0]!;
    const asOther = (method: string, path: string, body?: unknown) => call(method, path, body, otherToken);
    expect(await asOther('GET', `/api/v1/stable/workflow-runs/${id}`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/stable/workflow-runs/${id}/status`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/stable/tasks/${id}`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/workers/${metadata.id}`)).toMatchObject({ status: 404 });
    expect(await asOther('PATCH', `/api/v1/workers/${metadata.id}`, { isPaused: true })).toMatchObject({ status: 404 });
    for (const list of [
      'stable/tenants/T/workflow-runs',
      'stable/tenants/T/events',
      'tenants/T/worker',
      'tenants/T/workflows',
    ]) {
      const path = `/api/v1/${list.replace('T', OTHER_TENANT)}`;
      expect(await asOther('GET', path)).toMatchObject({ status: 200, body: { rows: [] } });
      expect(await asOther('GET', path.replace(OTHER_TENANT, TENANT))).toMatchObject(
        error(403, 'the token belongs to another tenant than the path'),
      );
    }
    expect(await trigger({ workflowName: 'double' }, otherToken)).toMatchObject({ status: 403 });
  });

  it('refuses who has no token of a tenant', async () => {
    const path = `/api/v1/tenants/${TENANT}`;
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { name: 'default', slug: 'default', version: 'V1' },
    });
    expect(await call('GET', path, undefined, '')).toMatchObject({ status: 401 });
    expect(await call('GET', path, undefined, `${token}x`)).toMatchObject({ status: 401 });
    expect(await call('GET', path, undefined, operatorToken)).toMatchObject({ status: 403 });
    expect(api.output()).not.toContain(token.slice(-20));
  });

  it('says what it does not know and what it does not implement', async () => {
    const tenant = `/api/v1/stable/tenants/${TENANT}`;
    expect(await call('GET', `/api/v1/stable/workflow-runs/${NOBODY}`)).toMatchObject(
      error(404, 'workflow run not found'),
    );
    expect(await call('GET', '/api/v1/stable/workflow-runs/x')).toMatchObject(
      error(400, 'run in the path must be a UUID'),
    );
    expect(await call('GET', `${tenant}/workflow-runs?limit=0&since=yesterday`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${tenant}/traces?run_external_id=${NOBODY}`)).toMatchObject({ status: 404 });
    expect(await call('POST', `${tenant}/tasks/cancel`, {})).toMatchObject(error(400, 'give externalIds or a filter'));
    expect(await call('POST', `${tenant}/tasks/replay`, {})).toMatchObject({ status: 501 });
    expect(await call('GET', `/api/v1/tenants/${TENANT}/workflows/crons`)).toMatchObject({ status: 501 });
    expect(await call('GET', '/api/v1/stable/nothing')).toMatchObject(
      error(404, 'there is no GET /api/v1/stable/nothing'),
    );
    expect(await call('POST', `${tenant}/workflow-runs/trigger`, 'x'.repeat(5_000_000))).toMatchObject({ status: 413 });
  });

  it('reports a ready engine', async () => {
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { database: 'ok', engine: 'ok' } });
  });

  it('answers 503 for commands while the engine is away, and goes on reading', async () => {
    const { id } = (await trigger({ workflowName: 'double', input: { n: 1 } })).body.run.metadata;
    await finished(id).toBe('COMPLETED');
    await worker.stop();
    await engine.stop();
    const away = error(503, 'the engine is not available: try again later');
    expect(await trigger({ workflowName: 'double' })).toMatchObject(away);
    expect(await call('POST', `/api/v1/stable/tenants/${TENANT}/tasks/cancel`, { externalIds: [id] })).toMatchObject(
      away,
    );
    expect(await call('GET', `/api/v1/stable/workflow-runs/${id}/status`)).toMatchObject({
      status: 200,
      body: 'COMPLETED',
    });
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { engine: 'unreachable' } });
  });
});

function span(traceId: string, spanId: string, startTime: bigint) {
  return {
    traceId,
    spanId,
    flags: 1,
    name: 'span',
    kind: 'INTERNAL' as const,
    serviceName: 'test',
    scopeName: 'test',
    scopeVersion: '1',
    startTime,
    endTime: startTime + 1n,
    statusCode: 'UNSET' as const,
    attributes: {},
    resourceAttributes: {},
    events: [],
    links: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
