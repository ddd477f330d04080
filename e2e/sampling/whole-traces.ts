import type { Way } from './requests.ts';

const BEGUN_BY_THE_API = `
POST /api/v1/stable/tenants/:tenant/workflow-runs/trigger · hatchet-api · SERVER
├─ hatchet.run_workflow echo · hatchet-api · PRODUCER
│  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  │  └─ hatchet.run/handle-task-completed · hatchet-engine
│  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
│  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
│  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
│  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
│  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
│  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  │  └─ hatchet.run/handle-task-started · hatchet-engine
│  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
│  ├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
│  │  └─ hatchet.run/trigger-workflow-run · hatchet-engine
│  │     └─ pg.query:insert-runs · hatchet-engine · CLIENT
│  ├─ hatchet.engine.queued echo · hatchet-engine
│  ├─ hatchet.engine.start_step_run echo · hatchet-engine · completed
│  ├─ hatchet.engine.workflow_run echo · hatchet-engine · completed
│  ├─ hatchet.run/send-to-worker · hatchet-engine
│  └─ hatchet.start_step_run echo · echo-worker · CONSUMER · completed
│        ↗ link to hatchet.run_workflow echo
├─ pg.query:find-workflows · hatchet-api · CLIENT
├─ pg.query:parents-of-steps · hatchet-api · CLIENT
├─ pg.query:view-run · hatchet-api · CLIENT
└─ pg.query:view-tasks-of-runs · hatchet-api · CLIENT`;

/** The parent that is missing is the user's span. */
const JOINED_BY_THE_API = `
(missing parent)
└─ POST /api/v1/stable/tenants/:tenant/workflow-runs/trigger · hatchet-api · SERVER
   ├─ hatchet.run_workflow echo · hatchet-api · PRODUCER
   │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
   │  │  └─ hatchet.run/handle-task-completed · hatchet-engine
   │  │     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
   │  │     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
   │  │     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
   │  │     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
   │  │     └─ pg.query:save-changes · hatchet-engine · CLIENT
   │  ├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
   │  │  └─ hatchet.run/handle-task-started · hatchet-engine
   │  │     └─ pg.query:mark-started · hatchet-engine · CLIENT
   │  ├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
   │  │  └─ hatchet.run/trigger-workflow-run · hatchet-engine
   │  │     └─ pg.query:insert-runs · hatchet-engine · CLIENT
   │  ├─ hatchet.engine.queued echo · hatchet-engine
   │  ├─ hatchet.engine.start_step_run echo · hatchet-engine · completed
   │  ├─ hatchet.engine.workflow_run echo · hatchet-engine · completed
   │  ├─ hatchet.run/send-to-worker · hatchet-engine
   │  └─ hatchet.start_step_run echo · echo-worker · CONSUMER · completed
   │        ↗ link to hatchet.run_workflow echo
   ├─ pg.query:find-workflows · hatchet-api · CLIENT
   ├─ pg.query:parents-of-steps · hatchet-api · CLIENT
   ├─ pg.query:view-run · hatchet-api · CLIENT
   └─ pg.query:view-tasks-of-runs · hatchet-api · CLIENT`;

const BEGUN_BY_THE_ENGINE = `
WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-completed · hatchet-engine
│     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
│     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
│     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
│     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
│     └─ pg.query:save-changes · hatchet-engine · CLIENT
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-started · hatchet-engine
│     └─ pg.query:mark-started · hatchet-engine · CLIENT
├─ hatchet.engine.queued echo · hatchet-engine
├─ hatchet.engine.start_step_run echo · hatchet-engine · completed
├─ hatchet.engine.workflow_run echo · hatchet-engine · completed
├─ hatchet.run/send-to-worker · hatchet-engine
├─ hatchet.run/trigger-workflow-run · hatchet-engine
│  └─ pg.query:insert-runs · hatchet-engine · CLIENT
└─ hatchet.start_step_run echo · echo-worker · CONSUMER · completed
      ↗ link to WorkflowService/TriggerWorkflow`;

const JOINED_BY_THE_ENGINE = `
(missing parent)
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-completed · hatchet-engine
│     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
│     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
│     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
│     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
│     └─ pg.query:save-changes · hatchet-engine · CLIENT
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-started · hatchet-engine
│     └─ pg.query:mark-started · hatchet-engine · CLIENT
├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
│  └─ hatchet.run/trigger-workflow-run · hatchet-engine
│     └─ pg.query:insert-runs · hatchet-engine · CLIENT
├─ hatchet.engine.queued echo · hatchet-engine
├─ hatchet.engine.start_step_run echo · hatchet-engine · completed
├─ hatchet.engine.workflow_run echo · hatchet-engine · completed
├─ hatchet.run/send-to-worker · hatchet-engine
└─ hatchet.start_step_run echo · echo-worker · CONSUMER · completed
      ↗ link to a span that is not here`;

/** The engine leaves the user's carrier as it is, and so the worker has nothing to record. */
const JOINED_BY_THE_ENGINE_ALONE = `
(missing parent)
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-completed · hatchet-engine
│     ├─ pg.query:BEGIN · hatchet-engine · CLIENT
│     ├─ pg.query:COMMIT · hatchet-engine · CLIENT
│     ├─ pg.query:lock-runs · hatchet-engine · CLIENT
│     ├─ pg.query:lock-tasks · hatchet-engine · CLIENT
│     └─ pg.query:save-changes · hatchet-engine · CLIENT
├─ Dispatcher/SendStepActionEvent · hatchet-engine · SERVER
│  └─ hatchet.run/handle-task-started · hatchet-engine
│     └─ pg.query:mark-started · hatchet-engine · CLIENT
├─ WorkflowService/TriggerWorkflow · hatchet-engine · SERVER
│  └─ hatchet.run/trigger-workflow-run · hatchet-engine
│     └─ pg.query:insert-runs · hatchet-engine · CLIENT
├─ hatchet.engine.queued echo · hatchet-engine
├─ hatchet.engine.start_step_run echo · hatchet-engine · completed
├─ hatchet.engine.workflow_run echo · hatchet-engine · completed
└─ hatchet.run/send-to-worker · hatchet-engine`;

/** The trace of a request that came in a way, whole. */
export const WHOLE: Record<Way, string> = {
  'HTTP without traceparent': BEGUN_BY_THE_API,
  'HTTP with traceparent, sampled': JOINED_BY_THE_API,
  'HTTP with traceparent, not sampled': JOINED_BY_THE_API,
  'SDK client without traceparent': BEGUN_BY_THE_ENGINE,
  'SDK client with traceparent, sampled': JOINED_BY_THE_ENGINE,
  'SDK client with traceparent, not sampled': JOINED_BY_THE_ENGINE_ALONE,
};
