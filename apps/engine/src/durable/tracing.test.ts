import { startServerTelemetry } from '@hatchet-ts/server-otel';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EngineFixture } from '../testing/engine.ts';
import { picture } from '../testing/waterfall.ts';

const exporter = new InMemorySpanExporter();
// Before pg and gRPC are loaded, as in main.ts.
startServerTelemetry({ env: {}, spanProcessors: [new SimpleSpanProcessor(exporter)] });

let engine: EngineFixture;
beforeAll(async () => {
  const { engineFixture } = await import('../testing/engine.ts');
  engine = await engineFixture({}, true);
});
afterAll(() => engine.stop());
beforeEach(() => exporter.reset());

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const additionalMetadata = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

/** Traces of passes, each as the names of its spans without the database's; all link to the run. */
function passes(): string[][] {
  const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId !== TRACE);
  const roots = spans.filter(({ parentSpanContext, name }) => !parentSpanContext && name.startsWith('hatchet.run/'));
  return roots
    .filter(({ links }) => links.some(({ context }) => context.traceId === TRACE))
    .map((root) =>
      spans
        .filter((span) => span.spanContext().traceId === root.spanContext().traceId && !span.name.startsWith('pg.'))
        .map(({ name }) => name)
        .toSorted(),
    );
}

const without = (text: string, what: RegExp) =>
  text
    .split('\n')
    .filter((line) => !what.test(line))
    .join('\n');

test('requests and answers of a durable task lie in its run’s trace, an eviction ends a span, and passes link to it', async () => {
  const client = await engine.client();
  const child = client.task({ name: 'child', fn: async () => ({}) });
  const task = client.durableTask({
    name: 'durable',
    evictionPolicy: { ttl: '1s', allowCapacityEviction: true, priority: 0 },
    fn: async (_, ctx) => {
      await ctx.now();
      await ctx.spawnChild(child, {});
      await ctx.waitFor([{ sleepFor: '1s' }, { eventKey: 'go' }]);
      return {};
    },
  });
  await engine.work(client, [task, child]);
  const ref = await task.runNoWait({}, { additionalMetadata });
  const evicted = async () => (await engine.db.query(`SELECT FROM task WHERE status = 'EVICTED'`)).rows;
  await expect.poll(evicted, { timeout: 10_000 }).toHaveLength(1);
  await client.events.push('go', {});
  await ref.output;

  // Reports: the start of each invocation, the completion of the last, and both of the child.
  const text = await picture(exporter, TRACE, { runs: 2, reports: 5 });
  expect(without(text, /pg\.query/)).toMatchInlineSnapshot(`
    "(missing parent)
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-completed · engine
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-completed · engine
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-started · engine
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-started · engine
    ├─ Dispatcher/SendStepActionEvent · engine · SERVER
    │  └─ hatchet.run/handle-task-started · engine
    ├─ Dispatcher/SubscribeToWorkflowRuns · engine · SERVER
    ├─ WorkflowService/TriggerWorkflow · engine · SERVER
    │  └─ hatchet.run/trigger-workflow-run · engine
    ├─ hatchet.engine.queued child · engine
    ├─ hatchet.engine.queued durable · engine
    ├─ hatchet.engine.queued durable · engine
    ├─ hatchet.engine.start_step_run child · engine · completed
    ├─ hatchet.engine.start_step_run durable · engine · completed
    ├─ hatchet.engine.start_step_run durable · engine · evicted
    ├─ hatchet.engine.workflow_run child · engine · completed
    ├─ hatchet.engine.workflow_run durable · engine · completed
    ├─ hatchet.run/send-durable-answer · engine
    ├─ hatchet.run/send-durable-answer · engine
    ├─ hatchet.run/send-durable-answer · engine
    ├─ hatchet.run/send-durable-answer · engine
    ├─ hatchet.run/send-durable-answer · engine
    ├─ hatchet.run/send-to-worker · engine
    ├─ hatchet.run/send-to-worker · engine
    ├─ hatchet.run/send-to-worker · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-children · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-children · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-eviction · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-memo · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-memo · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-memo · engine
    ├─ v1.V1Dispatcher/DurableTask · engine · SERVER
    │  └─ hatchet.run/handle-durable-wait · engine
    └─ v1.V1Dispatcher/DurableTask · engine · SERVER
       └─ hatchet.run/handle-durable-wait · engine"
  `);
  expect(passes().toSorted()).toEqual([
    ['hatchet.run/process-durable-matches'],
    ['hatchet.run/process-durable-matches'],
    ['hatchet.run/process-durable-restores'],
    ['hatchet.run/process-sleep'],
    ['hatchet.run/queue', 'hatchet.run/try-assign'],
    ['hatchet.run/queue', 'hatchet.run/try-assign'],
    ['hatchet.run/queue', 'hatchet.run/try-assign'],
  ]);
}, 20_000);

test('assignment and reports of a batch have traces of their own, which link to its runs', async () => {
  const client = await engine.client();
  const task = client.task({
    name: 'batched',
    batch: { maxSize: 2 },
    fn: async (inputs: object) => Object.fromEntries(Object.keys(inputs).map((id) => [id, {}])),
  });
  await engine.work(client, [task]);
  await task.run([{}, {}] as never, { additionalMetadata });

  const text = await picture(exporter, TRACE, { runs: 2, reports: 0 });
  expect(without(text, /pg\.query/)).toMatchInlineSnapshot(`
    "(missing parent)
    ├─ Dispatcher/SubscribeToWorkflowRuns · engine · SERVER
    ├─ Dispatcher/SubscribeToWorkflowRuns · engine · SERVER
    ├─ WorkflowService/BulkTriggerWorkflow · engine · SERVER
    │  └─ hatchet.run/trigger-workflow-run · engine
    ├─ hatchet.engine.queued batched · engine
    ├─ hatchet.engine.queued batched · engine
    ├─ hatchet.engine.start_step_run batched · engine · completed
    ├─ hatchet.engine.start_step_run batched · engine · completed
    ├─ hatchet.engine.workflow_run batched · engine · completed
    └─ hatchet.engine.workflow_run batched · engine · completed"
  `);
  await expect.poll(() => passes().length).toBe(2);
  expect(passes().toSorted()).toEqual([
    ['hatchet.run/queue', 'hatchet.run/try-assign'],
    ['hatchet.run/send-to-worker'],
  ]);
  const reports = exporter.getFinishedSpans().filter(({ name }) => name.startsWith('hatchet.run/handle-task-'));
  expect(reports.map(({ name, links }) => [name, links.length]).toSorted()).toEqual([
    ['hatchet.run/handle-task-completed', 2],
    ['hatchet.run/handle-task-started', 2],
  ]);
});
