import type { HatchetAttribute } from '../src/attributes.ts';
import type { HatchetOperation } from '../src/spans.ts';

// What the tables of the code cannot say: a row without a description, or a description without a row, does not compile.

/** From when to when a span lasts. */
export const SPAN_TIMES: { readonly [O in HatchetOperation]: readonly [from: string, until: string] } = {
  run_workflow: ['a run is triggered, alone, as a child or as an item of a bulk call', 'the engine has answered'],
  run_workflows: ['runs are triggered in bulk, or by a durable task', 'the engine has answered'],
  schedule_workflow: ['a run is scheduled', 'the API has answered'],
  create_cron: ['a cron is created', 'the API has answered'],
  push_event: ['an event is pushed, alone or as an item of a bulk call', 'the engine has answered'],
  bulk_push_event: ['events are pushed in bulk', 'the engine has answered'],
  cancel_runs: ['runs are cancelled', 'the API has answered'],
  replay_runs: ['runs are replayed', 'the API has answered'],
  start_step_run: [
    'the worker begins an attempt of a task, or an invocation of a durable one',
    'it is over and reported, and a task that was stopped has stopped or used up its grace period',
  ],
  start_batch_run: ['the worker begins a batch', 'it is over and reported'],
  cancel_step_run: ['the worker is told to cancel', 'the task has stopped, or its grace period is over'],
  'durable.wait_for': ['a durable task waits for an event or a time', 'it has come, or the task was evicted'],
  'durable.memo': ['a durable task asks for a memo', 'its value is known'],
};

/** What an attribute says, where its name does not. */
export const ATTRIBUTE_NOTES: { readonly [A in HatchetAttribute]: string } = {
  tenant_id: '',
  worker_id: '',
  workflow_run_id: '',
  step_id: 'the task of the workflow',
  step_run_id: 'the run of the task: the same for all its attempts',
  action_name: '`<workflow>:<task>`',
  step_name: 'the task',
  workflow_name: '',
  workflow_id: '',
  workflow_version_id: '',
  retry_count: '0 for the first attempt',
  parent_workflow_run_id: 'of a child',
  child_workflow_key: 'of a child',
  child_workflow_index: 'of a child',
  durable_invocation_count: 'from 1; more when the task was evicted and came back',
  triggering_event_external_id: 'of a run that an event triggered',
  triggering_event_key: 'of a run that an event triggered',
  priority: '',
  outcome: '`completed`, `failed`, `cancelled`, `timed_out` or `evicted`',
  queue_time_ms:
    'milliseconds from the creation of the task to its first start, when the engine says when it was created',
  parent_id: 'the run that spawns',
  parent_step_run_id: 'the task that spawns',
  child_index: '',
  child_key: '',
  desired_worker_id: '',
  sticky: '',
  namespace: "the client's",
  child_workflow_run_id: 'the run that the engine made',
  num_workflows: 'items of the call',
  unique_workflow_names: '',
  event_key: '',
  scope: '',
  event_id: 'what the engine made of it',
  num_events: 'items of the call',
  unique_event_keys: '',
  num_item_spans: 'items with a span of their own, when `maxItemSpans` leaves some without',
  run_at_timestamps: 'RFC 3339',
  schedule_id: 'what the API made of it',
  cron_name: '',
  cron_expression: '',
  cron_id: 'what the API made of it',
  batch_id: '',
  batch_key: '',
  batch_size: 'items of the batch',
  signal_key: '',
  num_conditions: 'what it waits for',
  run_ids: 'the first 100',
  num_runs: '',
  payload: 'only with `capture.payload`: JSON, cut at `capture.maxBytes`',
  additional_metadata: 'only with `capture.metadata`: JSON, cut at `capture.maxBytes`',
};

/** Attributes of the semantic conventions, and what they say here. */
export const SEMANTIC_CONVENTIONS: readonly (readonly [key: string, note: string])[] = [
  ['messaging.system', '`hatchet`'],
  ['messaging.operation.name', 'see the table of spans'],
  ['messaging.operation.type', 'see the table of spans; `create` for an item of a bulk call'],
  ['messaging.destination.name', 'the workflow, or the event’s key'],
  ['messaging.message.id', 'the run, or the event'],
  ['messaging.batch.message_count', 'items of a bulk call or a batch'],
  ['messaging.client.id', 'the name of the worker'],
  ['error.type', 'the class or the code of what was thrown; `timeout` for a task that ran too long'],
  ['instrumentor', '`hatchet`'],
];
