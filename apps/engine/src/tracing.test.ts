import { randomUUID } from 'node:crypto';
import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { startServerTelemetry } from '@hatchet-ts/server-otel';
import type { RunRow } from '@hatchet-ts/storage/runs';
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Metadata } from 'nice-grpc-common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EngineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';
import { picture } from './testing/waterfall.ts';

const exporter = new InMemorySpanExporter();
// Before pg and gRPC are loaded, as in main.ts.
startServerTelemetry({ env: {}, spanProcessors: [new SimpleSpanProcessor(exporter)] });

let engine: EngineFixture;
beforeAll(async () => {
  const { engineFixture } = await import('./testing/engine.ts');
  engine = await engineFixture({ timerCheck: 50, heartbeatCheck: 20 }, true);
});
afterAll(() => engine.stop());
beforeEach(() => exporter.reset());

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const additionalMetadata = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

test('a run of one task makes one trace, below its carried context', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'simple', fn: async () => ({}) });
  await engine.work(client, [task]);
  await task.run({}, { additionalMetadata });

  expect(await picture(exporter, TRACE, { runs: 1, reports: 2 })).toMatchInlineSnapshot(`
    "(missing parent)
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-completed · engine
    │     ├─ pg.query:BEGIN db · engine · CLIENT
    │     ├─ pg.query:COMMIT db · engine · CLIENT
    │     ├─ pg.query:lock-runs db · engine · CLIENT
    │     ├─ pg.query:lock-tasks db · engine · CLIENT
    │     └─ pg.query:save-changes db · engine · CLIENT
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-started · engine
    │     └─ pg.query:mark-started db · engine · CLIENT
    ├─ Dispatcher/SubscribeToWorkflowRuns · engine · SERVER
    ├─ WorkflowService/TriggerWorkflow · engine · SERVER
    │  └─ hatchet.run/trigger-workflow-run · engine
    │     └─ pg.query:insert-runs db · engine · CLIENT
    ├─ hatchet.engine.queued simple · engine
    ├─ hatchet.engine.start_step_run simple · engine · completed
    ├─ hatchet.engine.workflow_run simple · engine · completed
    └─ hatchet.run/send-to-worker · engine"
  `);
});

test('a retry, a timeout and a failure have spans with their outcomes', async () => {
  const client = await engine.client();
  const task = client.task({
    name: 'unlucky',
    retries: 1,
    executionTimeout: '1s',
    fn: async (_, ctx) => {
      if (ctx.retryCount() === 0) throw new Error('first');
      await new Promise((resolve) => ctx.abortController.signal.addEventListener('abort', resolve));
      return {};
    },
  });
  await engine.work(client, [task]);
  await task.run({}, { additionalMetadata }).catch(() => {});

  // The worker does not report an attempt that was stopped.
  const text = await picture(exporter, TRACE, { runs: 1, reports: 3 });
  expect(
    text
      .split('\n')
      .filter((line) => /hatchet\.engine|cancel-task|!/.test(line))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "├─ hatchet.engine.queued unlucky · engine
    ├─ hatchet.engine.queued unlucky (retry 1) · engine
    ├─ hatchet.engine.start_step_run unlucky · engine · ERROR failed
    │     ! first
    ├─ hatchet.engine.start_step_run unlucky (retry 1) · engine · ERROR timed_out
    │     ! Task exceeded timeout of 1s
    ├─ hatchet.engine.workflow_run unlucky · engine · ERROR failed
    │     ! Task exceeded timeout of 1s
    ├─ hatchet.run/cancel-task · engine"
  `);
});

test('the wait of a run that no worker took, or that was cancelled, has a span with its outcome', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'unwanted', scheduleTimeout: '1s', fn: async () => ({}) });
  await (await engine.work(client, [task])).stop();
  exporter.reset();
  await task.run({}, { additionalMetadata }).catch(() => {});
  const ref = await task.runNoWait({}, { additionalMetadata });
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  await admin.cancelTasks({ externalIds: [await ref.getWorkflowRunId()] });

  const text = await picture(exporter, TRACE, { runs: 2, reports: 0 });
  expect(
    text
      .split('\n')
      .filter((line) => /hatchet\.engine|!/.test(line))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "├─ hatchet.engine.queued unwanted · engine · ERROR timed_out
    │     ! no worker took it within its schedule timeout of 1s
    ├─ hatchet.engine.queued unwanted · engine · cancelled
    ├─ hatchet.engine.workflow_run unwanted · engine · cancelled
    ├─ hatchet.engine.workflow_run unwanted · engine · cancelled"
  `);
});

test('a run without a context gets its call’s, and an instrumented worker can join it', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'plain', fn: async (_, ctx) => ({ metadata: ctx.additionalMetadata() }) });
  await engine.work(client, [task]);
  exporter.reset();
  const { metadata } = await task.run({});

  const server = exporter.getFinishedSpans().find(({ name }) => name === 'WorkflowService/TriggerWorkflow');
  const { traceId, spanId } = server!.spanContext();
  expect(metadata).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
  expect(server?.parentSpanContext).toBeUndefined();
  await picture(exporter, traceId, { runs: 1, reports: 2 });
});

test('a run with the relation link starts a trace; its call is in that of its creation', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'linked', fn: async (_, ctx) => ({ metadata: ctx.additionalMetadata() }) });
  await engine.work(client, [task]);
  exporter.reset();
  const linked = { hatchet__trace_relation: 'link', hatchet__link_traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
  const { metadata } = await task.run({}, { additionalMetadata: linked });

  const traceId = (metadata as { traceparent: string }).traceparent.slice(3, 35);
  expect(metadata).toEqual({ ...linked, traceparent: expect.stringMatching(/-01$/) });
  const text = await picture(exporter, traceId, { runs: 1, reports: 2 });
  expect(text.split('\n').slice(0, 2)).toEqual([
    'hatchet.engine.workflow_run linked · engine · completed',
    '│  ↗ link to a span of another trace that is not here',
  ]);
  const server = exporter.getFinishedSpans().find(({ name }) => name === 'WorkflowService/TriggerWorkflow');
  expect(server?.spanContext().traceId).toBe(TRACE);
});

test('a run without a call starts a trace, and its workflow_run is the root', async () => {
  const { newRunContext } = await import('./runs/context.ts');
  const { RunSpans } = await import('./runs/spans.ts');
  const spans = new RunSpans({ add: () => {} });
  const { metadata, traceId, rootSpanId, ...context } = newRunContext({ a: 1 }, undefined);
  expect(metadata).toEqual({ a: 1, traceparent: `00-${traceId}-${rootSpanId}-01` });

  const run = { ...context, rootSpanId, createdAt: 1_000.5, replayedAt: null, workflowName: 'begun' } as RunRow;
  spans.recordRun(run, { at: 2_000.25, outcome: 'completed' });
  const root = exporter.getFinishedSpans().find(({ name }) => name === 'hatchet.engine.workflow_run');
  expect(root?.spanContext()).toMatchObject({ traceId, spanId: rootSpanId });
  expect(root?.parentSpanContext).toBeUndefined();
  expect([root?.startTime, root?.endTime]).toEqual([
    [1, 500_000],
    [2, 250_000],
  ]);
});

test('an event and the runs that it starts share a trace', async () => {
  const client = await engine.client();
  const done = Promise.withResolvers<void>();
  const task = client.task({
    name: 'listener',
    onEvents: ['traced'],
    fn: async () => {
      done.resolve();
      return {};
    },
  });
  await engine.work(client, [task]);
  await client.events.push('traced', {}, { additionalMetadata });
  await done.promise;

  const text = await picture(exporter, TRACE, { runs: 1, reports: 2 });
  expect(
    text
      .split('\n')
      .filter((line) => /Push|ingest|engine\.(event|workflow)/.test(line))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "├─ EventsService/Push · engine · SERVER
    │  └─ hatchet.run/ingest-event · engine
    ├─ hatchet.engine.event traced · engine
    ├─ hatchet.engine.workflow_run listener · engine · completed"
  `);
});

test('a pass over many runs has a trace of its own, linked to theirs', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'linked', fn: async () => ({}) });
  await engine.work(client, [task]);
  await task.run([{}, {}, {}], { additionalMetadata });
  await picture(exporter, TRACE, { runs: 3, reports: 6 });

  const passes = exporter.getFinishedSpans().filter(({ name }) => name === 'hatchet.run/queue');
  const links = passes.flatMap((pass) => pass.links.map(({ context }) => context.traceId));
  expect(links).toEqual([TRACE, TRACE, TRACE]);
  for (const pass of passes) expect(pass.parentSpanContext).toBeUndefined();
});

test('concurrent calls are written together, in a trace that links to theirs', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'one-of-many', fn: async () => ({}) });
  await engine.work(client, [task], { slots: 100 });
  await Promise.all(Array.from({ length: 60 }, () => task.runNoWait({}, { additionalMetadata })));
  const finished = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
  await expect.poll(() => finished('hatchet.engine.workflow_run').length, { timeout: 20_000 }).toBe(60);

  const count = ({ attributes }: ReadableSpan) => Number(attributes['hatchet.run/batch.item_count']);
  const triggers = finished('hatchet.run/trigger-workflow-run');
  const groups = triggers.filter((span) => !span.parentSpanContext);
  const calls = triggers.filter((span) => span.parentSpanContext);
  expect(calls).toHaveLength(60);
  expect(groups.length).toBeGreaterThan(0);
  for (const group of groups) {
    expect(group.links).toHaveLength(count(group));
    expect(group.links.every(({ context: { traceId } }) => traceId === TRACE)).toBe(true);
  }
  const inGroups = groups.reduce((sum, group) => sum + count(group), 0);
  expect(calls.filter(count)).toHaveLength(inGroups);
  // members of a group have no statement of their own
  const inserts = exporter.getFinishedSpans().filter(({ name }) => name.startsWith('pg.query:insert-runs'));
  expect(inserts).toHaveLength(60 - inGroups + groups.length);
});

test('a shared loop runs outside the trace of its caller', async () => {
  const { SingleLoop } = await import('./loops/single-loop.ts');
  const seen = Promise.withResolvers<Context>();
  const loop = new SingleLoop(
    async () => seen.resolve(context.active()),
    () => {},
  );
  const caller = trace.setSpanContext(context.active(), { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags: 1 });
  context.with(caller, loop.wake);
  expect(await seen.promise).toBe(ROOT_CONTEXT);
  await loop.stop();
});

test('every span of a run names its tenant', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'owned', fn: async () => ({}) });
  await engine.work(client, [task]);
  await task.run({}, { additionalMetadata });
  await picture(exporter, TRACE, { runs: 1, reports: 2 });

  const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === TRACE);
  const owner = ({ attributes }: ReadableSpan) =>
    attributes['hatchet.run/tenant.id'] ?? attributes['hatchet.tenant_id'];
  expect(spans.filter((span) => owner(span) === undefined).map(({ name }) => name)).toEqual([]);
});

test('an idle engine with a worker makes no span: polls, heartbeats and their statements', async () => {
  const client = await engine.client();
  const worker = await engine.work(client, [client.task({ name: 'idle', fn: async () => ({}) })]);
  const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
  exporter.reset();
  const heartbeat = (metadata = new Metadata()) =>
    dispatcher.heartbeat({ workerId: worker._internal.workerId! }, { metadata });
  await heartbeat();
  // instrumentation-grpc in the worker sends a context
  await heartbeat(new Metadata(additionalMetadata));
  await expect(dispatcher.heartbeat({ workerId: randomUUID() })).rejects.toThrow('worker not found');
  // About ten polls of the timers, and more of the heartbeats.
  await engine.db.query('SELECT pg_sleep(0.5)');
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual([]);
  const { rows } = await engine.db.query(
    'SELECT last_heartbeat_at > registered_at AS alive FROM worker WHERE id = $1',
    [worker._internal.workerId],
  );
  expect(rows).toEqual([{ alive: true }]);
});
