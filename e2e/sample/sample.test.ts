import { join } from 'node:path';
import { missingParents, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, it } from 'vitest';
import { Collector } from '../harness/collector.ts';
import { Deployment, exportingTo } from '../harness/deployment.ts';
import { endedRuns, type Run, traceIdOf, trigger } from '../harness/rest.ts';
import { startService } from '../harness/service.ts';
import { suite } from '../harness/suite.ts';
import { waterfallText } from '../harness/waterfall-text.ts';

const { folder, use } = suite();

describe('the sample, triggered over the API, with API, engine and worker exporting to one Collector', () => {
  let runs: Run[];
  let traceId: string;
  let spans: WaterfallSpan[];
  let others: WaterfallSpan[];

  beforeAll(async () => {
    const collector = use(await Collector.start({ folder: join(folder, 'collector') }));
    const deployment = use(
      await Deployment.start({
        folder,
        api: exportingTo(collector, 'hatchet-api'),
        engine: exportingTo(collector, 'hatchet-engine'),
      }),
    );
    const worker = use(
      await startService({
        name: 'order-worker',
        entry: join(import.meta.dirname, '../../apps/demo/src/sample/worker.ts'),
        env: {
          ...deployment.clientEnvironment,
          OTEL_SERVICE_NAME: 'order-worker',
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector.address}`,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
          OTEL_METRICS_EXPORTER: 'none',
        },
        folder,
      }),
    );

    const input = { orderId: 'A-1', items: ['book', 'lamp', 'vase'] };
    const runId = await trigger(deployment, { workflowName: 'order', input });
    traceId = await traceIdOf(deployment, runId);
    runs = await endedRuns(deployment, traceId);
    // each process exports its queue when it stops; the Collector stops last
    await worker.stop();
    await deployment.stopServices();
    await collector.stop();

    const all = await collector.traces.spans();
    spans = all.filter((span) => span.traceId === traceId);
    others = all.filter((span) => span.traceId !== traceId);
  });

  it('is one complete trace with both attempts of charge, the first with its error', () => {
    expect(waterfallText(spans)).toMatchInlineSnapshot(`
      "POST /api/v1/stable/tenants/:tenant/workflow-runs/trigger · hatchet-api · SERVER
      ├─ hatchet.run_workflow order · hatchet-api · PRODUCER
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-failed · hatchet-engine
      │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     ├─ pg.query:keep-attempts · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  ├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
      │  │  └─ hatchet.run/trigger-workflow-run · hatchet-engine
      │  │     └─ pg.query:insert-runs · hatchet-engine · CLIENT
      │  ├─ hatchet.engine.queued order/charge · hatchet-engine
      │  ├─ hatchet.engine.queued order/charge (retry 1) · hatchet-engine
      │  ├─ hatchet.engine.queued order/fulfil · hatchet-engine
      │  ├─ hatchet.engine.queued order/validate · hatchet-engine
      │  ├─ hatchet.engine.start_step_run order/charge · hatchet-engine · ERROR failed
      │  │     ! the bank did not answer
      │  ├─ hatchet.engine.start_step_run order/charge (retry 1) · hatchet-engine · completed
      │  ├─ hatchet.engine.start_step_run order/fulfil · hatchet-engine · completed
      │  ├─ hatchet.engine.start_step_run order/validate · hatchet-engine · completed
      │  ├─ hatchet.engine.workflow_run order · hatchet-engine · completed
      │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  ├─ hatchet.start_step_run order/charge · order-worker · CONSUMER · ERROR failed
      │  │  │  ! the bank did not answer
      │  │  │  ↗ link to hatchet.run_workflow order
      │  │  └─ ask the bank · order-worker
      │  ├─ hatchet.start_step_run order/charge (retry 1) · order-worker · CONSUMER · completed
      │  │  │  ↗ link to hatchet.run_workflow order
      │  │  │  ↗ link to hatchet.start_step_run order/charge
      │  │  └─ ask the bank · order-worker
      │  ├─ hatchet.start_step_run order/fulfil · order-worker · CONSUMER · completed
      │  │  │  ↗ link to hatchet.run_workflow order
      │  │  ├─ hatchet.push_event order:fulfilled · order-worker · PRODUCER
      │  │  │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │  │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │  │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  │  │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │  │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  │  │  ├─ EventsService/Push · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/ingest-event · hatchet-engine
      │  │  │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:insert-events · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:insert-runs · hatchet-engine · CLIENT
      │  │  │  │     └─ pg.query:workflows-of-events · hatchet-engine · CLIENT
      │  │  │  ├─ hatchet.engine.event order:fulfilled · hatchet-engine
      │  │  │  ├─ hatchet.engine.queued notify · hatchet-engine
      │  │  │  ├─ hatchet.engine.start_step_run notify · hatchet-engine · completed
      │  │  │  ├─ hatchet.engine.workflow_run notify · hatchet-engine · completed
      │  │  │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  │  │  └─ hatchet.start_step_run notify · order-worker · CONSUMER · completed
      │  │  │     │  ↗ link to hatchet.push_event order:fulfilled
      │  │  │     └─ send e-mail · order-worker
      │  │  ├─ hatchet.run_workflow book-courier · order-worker · PRODUCER
      │  │  │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │  │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │  │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │  │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  │  │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │  │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  │  │  ├─ Dispatcher/SubscribeToWorkflowRuns · hatchet-engine · SERVER
      │  │  │  ├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
      │  │  │  │  └─ hatchet.run/trigger-workflow-run · hatchet-engine
      │  │  │  │     ├─ pg.query:insert-runs · hatchet-engine · CLIENT
      │  │  │  │     └─ pg.query:parent-tasks · hatchet-engine · CLIENT
      │  │  │  ├─ hatchet.engine.queued book-courier · hatchet-engine
      │  │  │  ├─ hatchet.engine.start_step_run book-courier · hatchet-engine · completed
      │  │  │  ├─ hatchet.engine.workflow_run book-courier · hatchet-engine · completed
      │  │  │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  │  │  └─ hatchet.start_step_run book-courier · order-worker · CONSUMER · completed
      │  │  │        ↗ link to hatchet.run_workflow book-courier
      │  │  └─ hatchet.run_workflows pack-item · order-worker · CLIENT
      │  │     ├─ hatchet.run_workflow pack-item · order-worker · PRODUCER
      │  │     │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │     │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │     │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  │     │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │     │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  │     │  ├─ Dispatcher/SubscribeToWorkflowRuns · hatchet-engine · SERVER
      │  │     │  ├─ WorkflowService/BulkTriggerWorkflow · hatchet-engine · SERVER
      │  │     │  │  └─ hatchet.run/trigger-workflow-run · hatchet-engine
      │  │     │  │     ├─ pg.query:insert-runs · hatchet-engine · CLIENT
      │  │     │  │     └─ pg.query:parent-tasks · hatchet-engine · CLIENT
      │  │     │  ├─ hatchet.engine.queued pack-item · hatchet-engine
      │  │     │  ├─ hatchet.engine.start_step_run pack-item · hatchet-engine · completed
      │  │     │  ├─ hatchet.engine.workflow_run pack-item · hatchet-engine · completed
      │  │     │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  │     │  └─ hatchet.start_step_run pack-item · order-worker · CONSUMER · completed
      │  │     │     │  ↗ link to hatchet.run_workflow pack-item
      │  │     │     └─ pick from shelf · order-worker
      │  │     ├─ hatchet.run_workflow pack-item · order-worker · PRODUCER
      │  │     │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │     │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │     │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │     │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │     │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  │     │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │     │  │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │     │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  │     │  ├─ Dispatcher/SubscribeToWorkflowRuns · hatchet-engine · SERVER
      │  │     │  ├─ hatchet.engine.queued pack-item · hatchet-engine
      │  │     │  ├─ hatchet.engine.start_step_run pack-item · hatchet-engine · completed
      │  │     │  ├─ hatchet.engine.workflow_run pack-item · hatchet-engine · completed
      │  │     │  ├─ hatchet.run/send-to-worker · hatchet-engine
      │  │     │  └─ hatchet.start_step_run pack-item · order-worker · CONSUMER · completed
      │  │     │     │  ↗ link to hatchet.run_workflow pack-item
      │  │     │     └─ pick from shelf · order-worker
      │  │     └─ hatchet.run_workflow pack-item · order-worker · PRODUCER
      │  │        ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │        │  └─ hatchet.run/handle-task-completed · hatchet-engine
      │  │        │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
      │  │        │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
      │  │        │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
      │  │        │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
      │  │        │     └─ pg.query:save-changes · hatchet-engine · CLIENT
      │  │        ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
      │  │        │  └─ hatchet.run/handle-task-started · hatchet-engine
      │  │        │     └─ pg.query:mark-started · hatchet-engine · CLIENT
      │  │        ├─ Dispatcher/SubscribeToWorkflowRuns · hatchet-engine · SERVER
      │  │        ├─ hatchet.engine.queued pack-item · hatchet-engine
      │  │        ├─ hatchet.engine.start_step_run pack-item · hatchet-engine · completed
      │  │        ├─ hatchet.engine.workflow_run pack-item · hatchet-engine · completed
      │  │        ├─ hatchet.run/send-to-worker · hatchet-engine
      │  │        └─ hatchet.start_step_run pack-item · order-worker · CONSUMER · completed
      │  │           │  ↗ link to hatchet.run_workflow pack-item
      │  │           └─ pick from shelf · order-worker
      │  └─ hatchet.start_step_run order/validate · order-worker · CONSUMER · completed
      │     │  ↗ link to hatchet.run_workflow order
      │     └─ check stock · order-worker
      ├─ pg.query:find-workflows · hatchet-api · CLIENT
      ├─ pg.query:parents-of-steps · hatchet-api · CLIENT
      ├─ pg.query:view-run · hatchet-api · CLIENT
      └─ pg.query:view-tasks-of-runs · hatchet-api · CLIENT"
    `);
  });

  it('has one root, and no missing parent', () => {
    expect(missingParents(spans)).toEqual([]);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual([
      'POST /api/v1/stable/tenants/:tenant/workflow-runs/trigger',
    ]);
  });

  it('completes all its runs: the order, three parcels, the courier and the notification', () => {
    expect(runs.map(({ status }) => status)).toEqual(Array(6).fill('COMPLETED'));
  });

  it('has no span of its runs or of the worker outside the trace', () => {
    const ids = new Set(runs.map(({ id }) => id));
    const outside = others.filter(
      ({ serviceName, attributes }) =>
        serviceName === 'order-worker' ||
        ids.has(String(attributes['hatchet.workflow_run_id'] ?? attributes['hatchet.run/workflow_run.id'])),
    );
    expect(outside.map(({ name, serviceName }) => `${serviceName}: ${name}`)).toEqual([]);
  });

  it('has two services: the API serves HTTP, the engine gRPC', () => {
    const servers = spans.filter(({ kind }) => kind === 'SERVER');
    const rpc = servers.filter(({ attributes }) => 'rpc.method' in attributes);
    const http = servers.filter(({ attributes }) => 'http.request.method' in attributes);
    expect(new Set(http.map(({ serviceName }) => serviceName))).toEqual(new Set(['hatchet-api']));
    expect(new Set(rpc.map(({ serviceName }) => serviceName))).toEqual(new Set(['hatchet-engine']));
    expect(http.length + rpc.length).toBe(servers.length);
  });
});
