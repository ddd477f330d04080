import { SpanKind } from '@opentelemetry/api';

/** What the instrumentor can trace; each is one span name. */
export type HatchetOperation =
  | 'run_workflow'
  | 'run_workflows'
  | 'push_event'
  | 'bulk_push_event'
  | 'start_step_run'
  | 'cancel_step_run';

/** One row of the span table. */
export interface SpanDefinition {
  readonly name: `hatchet.${HatchetOperation}`;
  readonly kind: SpanKind;
  /** `messaging.operation.name` */
  readonly operationName: string;
  /** `messaging.operation.type`; a message of a batch that has a span of its own says `create` instead of `send` */
  readonly operationType?: 'send' | 'process';
}

/** Every span that this package makes. A name outside this table is a bug, and so is a row that no test emits. */
export const SPANS: { readonly [O in HatchetOperation]: SpanDefinition & { readonly name: `hatchet.${O}` } } = {
  run_workflow: {
    name: 'hatchet.run_workflow',
    kind: SpanKind.PRODUCER,
    operationName: 'run',
    operationType: 'send',
  },
  run_workflows: {
    name: 'hatchet.run_workflows',
    kind: SpanKind.PRODUCER, // CLIENT when its items have spans of their own
    operationName: 'run',
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
    kind: SpanKind.PRODUCER, // CLIENT when its items have spans of their own
    operationName: 'push',
    operationType: 'send',
  },
  start_step_run: {
    name: 'hatchet.start_step_run',
    kind: SpanKind.CONSUMER,
    operationName: 'process',
    operationType: 'process',
  },
  cancel_step_run: {
    name: 'hatchet.cancel_step_run',
    kind: SpanKind.CONSUMER,
    operationName: 'cancel',
  },
};
