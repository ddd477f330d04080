import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { startServerTelemetry } from '@hatchet-ts/server-otel';
import { createCron, createSchedule } from '@hatchet-ts/storage/triggers';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EngineFixture } from '../testing/engine.ts';
import { rawClient } from '../testing/raw-client.ts';
import { picture } from '../testing/waterfall.ts';

const exporter = new InMemorySpanExporter();
// Before pg and gRPC are loaded, as in main.ts.
startServerTelemetry({ env: {}, spanProcessors: [new SimpleSpanProcessor(exporter)] });

let engine: EngineFixture;
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
beforeAll(async () => {
  const { engineFixture } = await import('../testing/engine.ts');
  engine = await engineFixture({}, true);
});
afterAll(() => engine.stop());
beforeEach(() => exporter.reset());

const CREATION = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${CREATION}-b7ad6b7169203331-03`;

/** Task whose next run reports its metadata. */
async function announcer(name: string) {
  const client = await engine.client();
  let next = Promise.withResolvers<Record<string, string>>();
  const task = client.task({
    name,
    fn: async (_, ctx) => {
      next.resolve(ctx.additionalMetadata());
      return {};
    },
  });
  await engine.work(client, [task]);
  return async () => {
    const metadata = await next.promise;
    next = Promise.withResolvers();
    return metadata;
  };
}

const fire = (workflow: string, additionalMetadata: object) =>
  createSchedule(engine.db, {
    tenantId: TENANT,
    workflow,
    method: 'API',
    triggerAt: new Date(),
    input: '{}',
    additionalMetadata: JSON.stringify(additionalMetadata),
  });
const named = (name: string, traceId: string) =>
  exporter.getFinishedSpans().filter((span) => span.name === name && span.spanContext().traceId === traceId);

test('a firing lies in the trace of its schedule’s creation, with the same flags', async () => {
  const next = await announcer('parented');
  await fire('parented', { traceparent });
  expect(await next()).toEqual({ traceparent });
  const text = await picture(exporter, CREATION, { runs: 1, reports: 2 });
  expect(lines(text, /trigger|workflow_run|pg.query:insert/)).toMatchInlineSnapshot(`
    "├─ hatchet.engine.workflow_run parented · engine · completed
    └─ hatchet.run/trigger-workflow-run · engine
       └─ pg.query:insert-runs db · engine · CLIENT"
  `);
});

test('a firing with the relation link starts a trace shared by engine and worker, linked to the creation', async () => {
  const next = await announcer('linked');
  await fire('linked', { hatchet__link_traceparent: traceparent, hatchet__trace_relation: 'link' });
  const metadata = await next();
  expect(metadata).toEqual({
    hatchet__trace_relation: 'link',
    hatchet__link_traceparent: traceparent,
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
  });
  const traceId = metadata.traceparent?.slice(3, 35) ?? '';
  expect(traceId).not.toBe(CREATION);
  const text = await picture(exporter, traceId, { runs: 1, reports: 2 });
  expect(lines(text, /^\S|trigger|→|↗|link/)).toMatchInlineSnapshot(`
    "hatchet.engine.workflow_run linked · engine · completed
    │  ↗ link to a span of another trace that is not here
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
    ├─ hatchet.engine.queued linked · engine
    ├─ hatchet.engine.start_step_run linked · engine · completed
    ├─ hatchet.run/send-to-worker · engine
    └─ hatchet.run/trigger-workflow-run · engine"
  `);
  expect(exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === CREATION)).toEqual([]);
});

test('each firing of a cron without a context starts a trace of its own', async () => {
  const next = await announcer('ticking');
  await createCron(engine.db, {
    tenantId: TENANT,
    workflow: 'ticking',
    name: 'tick',
    expression: '* * * * * *',
    input: '{}',
    additionalMetadata: '{}',
  });
  const traces = [await next(), await next()].map((metadata) => metadata.traceparent?.slice(3, 35) ?? '');
  expect(new Set(traces).size).toBe(2);
  for (const traceId of traces) {
    await picture(exporter, traceId, { runs: 1, reports: 2 });
    const [root, ...more] = exporter
      .getFinishedSpans()
      .filter((span) => span.spanContext().traceId === traceId && !span.parentSpanContext);
    expect([root?.name, more]).toEqual(['hatchet.engine.workflow_run', []]);
  }
  await engine.db.query('UPDATE cron SET enabled = false');
});

test('a pass with several firings has a trace of its own, linked to theirs', async () => {
  await announcer('several');
  const at = new Date(Date.now() + 300);
  await engine.db.query(
    `INSERT INTO schedule (id, tenant_id, workflow_id, method, trigger_at, input, additional_metadata)
     SELECT gen_random_uuid(), w.tenant_id, w.id, 'API', $1, '{}', $2 FROM workflow w, generate_series(1, 150)
     WHERE w.name = 'several'`,
    [at, { traceparent }],
  );
  await expect.poll(() => named('hatchet.engine.workflow_run', CREATION).length, { timeout: 10_000 }).toBe(150);
  const passes = exporter.getFinishedSpans().filter(({ name }) => name === 'hatchet.run/trigger-workflow-run');
  expect(passes.map((pass) => [pass.parentSpanContext, pass.links.length])).toEqual([[undefined, 128]]);
});

test('a replay’s workflow_run is a child of the root, in the same trace as the replay’s call', async () => {
  const next = await announcer('replayed');
  const id = await fire('replayed', {});
  const traceId = (await next()).traceparent?.slice(3, 35) ?? '';
  await picture(exporter, traceId, { runs: 1, reports: 2 });
  const { rows } = await engine.db.query<{ runId: string }>('SELECT run_id AS "runId" FROM schedule WHERE id = $1', [
    id,
  ]);
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  await admin.replayTasks({ externalIds: [rows[0]?.runId ?? ''] });
  await next();
  const text = await picture(exporter, traceId, { runs: 2, reports: 4 });
  expect(lines(text, /workflow_run|eplay|start_step_run|queued/)).toMatchInlineSnapshot(`
    "hatchet.engine.workflow_run replayed · engine · completed
    ├─ hatchet.engine.queued replayed · engine
    ├─ hatchet.engine.queued replayed (retry 1) · engine
    ├─ hatchet.engine.start_step_run replayed · engine · completed
    ├─ hatchet.engine.start_step_run replayed (retry 1) · engine · completed
    ├─ hatchet.engine.workflow_run replayed · engine · completed
    └─ v1.AdminService/ReplayTasks · engine · SERVER
       ├─ hatchet.run/replay-task · engine"
  `);
  const [first, second] = named('hatchet.engine.workflow_run', traceId).map(times);
  expect(second?.start).toBeGreaterThan(first?.end ?? 0);
});

test('a fan-out’s spans grow only with its width, and no span has more than 128 links', async () => {
  const client = await engine.client();
  const child = client.task({ name: 'leaf', fn: async () => ({}) });
  const parent = client.task({
    name: 'wide',
    executionTimeout: '60s',
    fn: async ({ width }: { width: number }) => {
      await child.run(Array.from({ length: width }, () => ({})));
      return {};
    },
  });
  await engine.work(client, [parent, child], { slots: 200 });
  const spansOf = async (width: number) => {
    exporter.reset();
    await parent.run({ width }, { additionalMetadata: { traceparent } });
    await expect.poll(() => named('hatchet.engine.workflow_run', CREATION).length, { timeout: 5_000 }).toBe(width + 1);
    const spans = exporter.getFinishedSpans();
    expect(Math.max(...spans.map(({ links }) => links.length))).toBeLessThanOrEqual(128);
    return spans.filter(({ kind, name }) => kind === 0 && name.startsWith('hatchet.')).length;
  };
  const [narrow, wide] = [await spansOf(50), await spansOf(400)];
  expect(wide / narrow).toBeLessThan(8);
}, 60_000);

const lines = (text: string, wanted: RegExp) =>
  text
    .split('\n')
    .filter((line) => wanted.test(line))
    .join('\n');

const nanos = ([seconds, nanoseconds]: [number, number]) => seconds + nanoseconds / 1e9;
const times = ({ startTime, endTime }: ReadableSpan) => ({ start: nanos(startTime), end: nanos(endTime) });
