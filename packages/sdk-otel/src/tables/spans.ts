import { SpanKind } from '@opentelemetry/api';

/** Operation that the instrumentor traces; each has one span name. */
export type HatchetOperation =
  | 'run_workflow'
  | 'run_workflows'
  | 'schedule_workflow'
  | 'create_cron'
  | 'push_event'
  | 'bulk_push_event'
  | 'cancel_runs'
  | 'replay_runs'
  | 'start_step_run'
  | 'start_batch_run'
  | 'cancel_step_run'
  | 'durable.wait_for'
  | 'durable.memo';

/** Row of the span table. */
export interface SpanDefinition {
  readonly name: `hatchet.${HatchetOperation}`;
  readonly kind: SpanKind;
  /** `messaging.operation.name`, if it is a messaging operation. */
  readonly operationName?: string;
  /** `messaging.operation.type`; a message of a bulk call with a span of its own has `create` instead of `send`. */
  readonly operationType?: 'send' | 'process';
}

/** All spans of this package. A name outside this table is a bug, and so is a row that no test emits. */
export const SPANS: { readonly [O in HatchetOperation]: SpanDefinition & { readonly name: `hatchet.${O}` } } = {
  run_workflow: {
    name: 'hatchet.run_workflow',
    kind: SpanKind.PRODUCER,
    operationName: 'run',
    operationType: 'send',
  },
  run_workflows: {
    name: 'hatchet.run_workflows',
    kind: SpanKind.PRODUCER, // CLIENT if its items have spans of their own
    operationName: 'run',
    operationType: 'send',
  },
  schedule_workflow: {
    name: 'hatchet.schedule_workflow',
    kind: SpanKind.PRODUCER,
    operationName: 'schedule',
    operationType: 'send',
  },
  create_cron: {
    name: 'hatchet.create_cron',
    kind: SpanKind.PRODUCER,
    operationName: 'cron',
    operationType: 'send',
  },
  push_event: {
    name: 'hatchet.push_event',
    kind: SpanKind.PRODUCER,
    operationName: 'push',
    operationType: 'send',
  },
  bulk_push_event: {
    name: 'hatchet.bulk_push_event',
    kind: SpanKind.PRODUCER, // CLIENT if its items have spans of their own
    operationName: 'push',
    operationType: 'send',
  },
  cancel_runs: {
    name: 'hatchet.cancel_runs',
    kind: SpanKind.CLIENT,
    operationName: 'cancel',
  },
  replay_runs: {
    name: 'hatchet.replay_runs',
    kind: SpanKind.CLIENT,
    operationName: 'replay',
  },
  start_step_run: {
    name: 'hatchet.start_step_run',
    kind: SpanKind.CONSUMER,
    operationName: 'process',
    operationType: 'process',
  },
  start_batch_run: {
    name: 'hatchet.start_batch_run',
    kind: SpanKind.CONSUMER,
    operationName: 'process',
    operationType: 'process',
  },
  cancel_step_run: {
    name: 'hatchet.cancel_step_run',
    kind: SpanKind.CONSUMER,
    operationName: 'cancel',
  },
  'durable.wait_for': {
    name: 'hatchet.durable.wait_for',
    kind: SpanKind.INTERNAL,
  },
  'durable.memo': {
    name: 'hatchet.durable.memo',
    kind: SpanKind.INTERNAL,
  },
};
