import type { HatchetAttribute } from '../src/tables/attributes.ts';
import type { HatchetOperation } from '../src/tables/spans.ts';

// Descriptions for the rows of the tables. A row without a description, or a description without a row, does not compile.

/** Start and end of each span. */
export const SPAN_TIMES: { readonly [O in HatchetOperation]: readonly [from: string, until: string] } = {
  run_workflow: ['a run is triggered: alone, as a child or as an item of a bulk call', 'the engine has responded'],
  run_workflows: ['runs are triggered in bulk, or by a durable task', 'the engine has responded'],
  schedule_workflow: ['a run is scheduled', 'the API has responded'],
  create_cron: ['a cron is created', 'the API has responded'],
  push_event: ['an event is pushed: alone or as an item of a bulk call', 'the engine has responded'],
  bulk_push_event: ['events are pushed in bulk', 'the engine has responded'],
  cancel_runs: ['runs are cancelled', 'the API has responded'],
  replay_runs: ['runs are replayed', 'the API has responded'],
  start_step_run: [
    'the worker starts an attempt of a task, or an invocation of a durable task',
    'the attempt has ended and is reported; a cancelled task has also stopped or exceeded its grace period',
  ],
  start_batch_run: ['the worker starts a batch', 'the batch has ended and is reported'],
  cancel_step_run: ['the worker receives a cancellation', 'the task has stopped or exceeded its grace period'],
  'durable.wait_for': ['a durable task waits for an event or a time', 'the wait is over, or the task is evicted'],
  'durable.memo': ['a durable task calls `memo`', 'its value is known'],
};

/** Notes on attributes whose name is not enough. */
export const ATTRIBUTE_NOTES: { readonly [A in HatchetAttribute]: string } = {
  tenant_id: '',
  worker_id: '',
  workflow_run_id: '',
  step_id: 'the task of the workflow',
  step_run_id: 'the run of the task, the same for all its attempts',
  action_name: '`<workflow>:<task>`',
  step_name: 'the task',
  workflow_name: '',
  workflow_id: '',
  workflow_version_id: '',
  retry_count: '0 for the first attempt',
  parent_workflow_run_id: 'for a child run',
  child_workflow_key: 'for a child run',
  child_workflow_index: 'for a child run',
  durable_invocation_count: 'starts at 1; greater after an eviction',
  triggering_event_external_id: 'for a run triggered by an event',
  triggering_event_key: 'for a run triggered by an event',
  priority: '',
  outcome: '`completed`, `failed`, `cancelled`, `timed_out` or `evicted`',
  queue_time_ms:
    'milliseconds from the creation of the task to its first start, if the engine sends the time of creation',
  parent_id: 'the spawning run',
  parent_step_run_id: 'the spawning task',
  child_index: '',
  child_key: '',
  desired_worker_id: '',
  sticky: '',
  namespace: "the client's",
  child_workflow_run_id: 'the created run',
  num_workflows: 'items of the call',
  unique_workflow_names: '',
  event_key: '',
  scope: '',
  event_id: 'the created event',
  num_events: 'items of the call',
  unique_event_keys: '',
  num_item_spans: 'items with a span of their own, if there are more items than `maxItemSpans`',
  run_at_timestamps: 'RFC 3339',
  schedule_id: 'the created schedule',
  cron_name: '',
  cron_expression: '',
  cron_id: 'the created cron',
  batch_id: '',
  batch_key: '',
  batch_size: 'items of the batch',
  signal_key: '',
  num_conditions: 'conditions of the wait',
  run_ids: 'the first 100',
  num_runs: '',
  payload: 'only with `capture.payload`: JSON, cut at `capture.maxBytes`',
  additional_metadata: 'only with `capture.metadata`: JSON, cut at `capture.maxBytes`',
};

/** Attributes of the semantic conventions and their values here. */
export const SEMANTIC_CONVENTIONS: readonly (readonly [key: string, note: string])[] = [
  ['messaging.system', '`hatchet`'],
  ['messaging.operation.name', 'see the table of spans'],
  ['messaging.operation.type', 'see the table of spans; `create` for an item of a bulk call'],
  ['messaging.destination.name', 'the workflow or the event key'],
  ['messaging.message.id', 'the id of the run or event'],
  ['messaging.batch.message_count', 'items of a bulk call or a batch'],
  ['messaging.client.id', 'the name of the worker'],
  ['error.type', 'class or code of the thrown value; `timeout` for a task that exceeded its timeout'],
  ['instrumentor', '`hatchet`'],
];
