import type { RequestKind } from './requests.ts';

const STARTED_BY_API = `
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

/** The missing parent is the user's span. */
const JOINED_BY_API = `
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

const STARTED_BY_ENGINE = `
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

const JOINED_BY_ENGINE = `
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

/** The engine does not change the user's carrier, which is not sampled, so the worker records nothing. */
const JOINED_BY_ENGINE_ALONE = `
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

/** Complete trace of a request of each kind. */
export const EXPECTED_TRACES: Record<RequestKind, string> = {
  'HTTP without traceparent': STARTED_BY_API,
  'HTTP with traceparent, sampled': JOINED_BY_API,
  'HTTP with traceparent, not sampled': JOINED_BY_API,
  'SDK client without traceparent': STARTED_BY_ENGINE,
  'SDK client with traceparent, sampled': JOINED_BY_ENGINE,
  'SDK client with traceparent, not sampled': JOINED_BY_ENGINE_ALONE,
};
