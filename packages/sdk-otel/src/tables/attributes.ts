import { cleanText } from '@hatchet-ts/internal/clean-text';
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import {
  ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
  ATTR_MESSAGING_CLIENT_ID,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_MESSAGE_ID,
} from './semconv.ts';
import type { HatchetOperation } from './spans.ts';

// All attributes that this package sets, with their types and the spans that have them.
const TABLE = {
  tenant_id: { type: 'string', on: ['start_step_run', 'start_batch_run', 'cancel_step_run'] },
  worker_id: { type: 'string', on: ['start_step_run', 'start_batch_run', 'cancel_step_run'] },
  workflow_run_id: { type: 'string', on: ['start_step_run', 'cancel_step_run'] },
  step_id: { type: 'string', on: ['start_step_run', 'cancel_step_run'] },
  step_run_id: { type: 'string', on: ['start_step_run', 'cancel_step_run', 'durable.wait_for', 'durable.memo'] },
  action_name: { type: 'string', on: ['start_step_run', 'start_batch_run', 'cancel_step_run'] },
  step_name: { type: 'string', on: ['start_step_run', 'start_batch_run', 'cancel_step_run'] },
  workflow_name: {
    type: 'string',
    on: ['start_step_run', 'start_batch_run', 'cancel_step_run', 'run_workflow', 'schedule_workflow', 'create_cron'],
  },
  workflow_id: { type: 'string', on: ['start_step_run', 'cancel_step_run'] },
  workflow_version_id: { type: 'string', on: ['start_step_run', 'cancel_step_run'] },
  retry_count: { type: 'int', on: ['start_step_run', 'cancel_step_run'] },
  parent_workflow_run_id: { type: 'string', on: ['start_step_run'] },
  child_workflow_key: { type: 'string', on: ['start_step_run'] },
  child_workflow_index: { type: 'int', on: ['start_step_run'] },
  durable_invocation_count: {
    type: 'int',
    on: ['start_step_run', 'durable.wait_for', 'durable.memo', 'run_workflow', 'run_workflows'],
  },
  triggering_event_external_id: { type: 'string', on: ['start_step_run'] },
  triggering_event_key: { type: 'string', on: ['start_step_run'] },
  priority: {
    type: 'int',
    on: ['start_step_run', 'run_workflow', 'schedule_workflow', 'create_cron', 'push_event', 'bulk_push_event'],
  },
  outcome: { type: 'string', on: ['start_step_run', 'start_batch_run', 'durable.wait_for'] },
  queue_time_ms: { type: 'int', on: ['start_step_run'] },
  parent_id: { type: 'string', on: ['run_workflow'] },
  parent_step_run_id: { type: 'string', on: ['run_workflow'] },
  child_index: { type: 'int', on: ['run_workflow'] },
  child_key: { type: 'string', on: ['run_workflow'] },
  desired_worker_id: { type: 'string', on: ['run_workflow'] },
  sticky: { type: 'string', on: ['run_workflow'] },
  namespace: {
    type: 'string',
    on: ['run_workflow', 'run_workflows', 'schedule_workflow', 'create_cron', 'push_event', 'bulk_push_event'],
  },
  child_workflow_run_id: { type: 'string', on: ['run_workflow'] },
  num_workflows: { type: 'int', on: ['run_workflows'] },
  unique_workflow_names: { type: 'list', on: ['run_workflows'] },
  event_key: { type: 'string', on: ['push_event', 'bulk_push_event'] },
  scope: { type: 'string', on: ['push_event', 'bulk_push_event'] },
  event_id: { type: 'string', on: ['push_event'] },
  num_events: { type: 'int', on: ['bulk_push_event'] },
  unique_event_keys: { type: 'list', on: ['bulk_push_event'] },
  num_item_spans: { type: 'int', on: ['run_workflows', 'bulk_push_event'] },
  run_at_timestamps: { type: 'list', on: ['schedule_workflow'] },
  schedule_id: { type: 'string', on: ['schedule_workflow'] },
  cron_name: { type: 'string', on: ['create_cron'] },
  cron_expression: { type: 'string', on: ['create_cron'] },
  cron_id: { type: 'string', on: ['create_cron'] },
  batch_id: { type: 'string', on: ['start_batch_run'] },
  batch_key: { type: 'string', on: ['start_batch_run'] },
  batch_size: { type: 'int', on: ['start_batch_run'] },
  signal_key: { type: 'string', on: ['durable.wait_for'] },
  num_conditions: { type: 'int', on: ['durable.wait_for'] },
  run_ids: { type: 'list', on: ['cancel_runs', 'replay_runs'] },
  num_runs: { type: 'int', on: ['cancel_runs', 'replay_runs'] },
  payload: {
    type: 'string',
    on: ['start_step_run', 'start_batch_run', 'run_workflow', 'schedule_workflow', 'create_cron', 'push_event'],
  },
  additional_metadata: {
    type: 'string',
    on: ['start_step_run', 'start_batch_run', 'run_workflow', 'schedule_workflow', 'create_cron', 'push_event'],
  },
} as const;

/** Name of an attribute without the prefix `hatchet.`. */
export type HatchetAttribute = keyof typeof TABLE;

/** Row of the attribute table. */
export interface AttributeDefinition {
  readonly key: `hatchet.${HatchetAttribute}`;
  readonly type: 'string' | 'int' | 'list';
  /** Spans that may have it. */
  readonly on: readonly HatchetOperation[];
}

/** Attribute table. An emitted attribute outside it is a bug, and so is a row that no test emits. */
export const ATTRIBUTES: { readonly [A in HatchetAttribute]: AttributeDefinition } = Object.fromEntries<unknown>(
  Object.entries(TABLE).map(([name, row]) => [name, { key: `hatchet.${name}`, ...row }]),
) as { [A in HatchetAttribute]: AttributeDefinition };

/** Attribute keys of this package's spans, by the names that `excludedAttributes` takes. */
export const HATCHET_ATTRIBUTES: { readonly [A in HatchetAttribute]: `hatchet.${A}` } = Object.fromEntries<unknown>(
  Object.keys(TABLE).map((name) => [name, `hatchet.${name}`]),
) as { [A in HatchetAttribute]: `hatchet.${A}` };

interface ValueTypes {
  readonly string: string;
  readonly int: number;
  readonly list: readonly string[];
}

/** Attribute values before filtering: undefined, null, empty strings and values of a wrong type are left out. */
export type HatchetValues = {
  [A in HatchetAttribute]?: ValueTypes[(typeof TABLE)[A]['type']] | null | undefined;
};

/** Values of a span: `hatchet.*`, and the `messaging.*` attributes that repeat one of them. */
export interface SpanValues {
  readonly hatchet: HatchetValues;
  /** Attribute whose value is also the `messaging.destination.name`. */
  readonly destination?: 'workflow_name' | 'event_key';
  /** Attribute whose value is also the `messaging.message.id`. */
  readonly message?: 'workflow_run_id' | 'child_workflow_run_id' | 'event_id';
  /** Attribute whose value is also the `messaging.batch.message_count`. */
  readonly batch?: 'num_workflows' | 'num_events' | 'batch_size';
  /** Value of `messaging.client.id`. */
  readonly clientId?: string | undefined;
}

/**
 * Converts values to the attributes of a span. An excluded name also excludes the `messaging.*` attribute with the same
 * value. Zero and false are kept.
 */
export function spanAttributes(values: SpanValues, excluded: ReadonlySet<HatchetAttribute>): Attributes {
  const bag = new AttributeBag();
  setAttributes(bag, values, excluded);
  return bag.attributes;
}

/** Sets the attributes one by one, without an intermediate object. */
export function setAttributes(
  span: { setAttribute(key: string, value: AttributeValue): unknown },
  { hatchet, destination, message, batch, clientId }: SpanValues,
  excluded: ReadonlySet<HatchetAttribute>,
): void {
  const excludes = excluded.size > 0;
  for (const name in hatchet) {
    const attribute = name as HatchetAttribute;
    const given = hatchet[attribute];
    if (given === undefined || given === null || given === '' || (excludes && excluded.has(attribute))) continue;
    const { key, type } = ATTRIBUTES[attribute];
    const value = type === 'string' && typeof given === 'string' ? cleanText(given) : convert(type, given);
    if (value === undefined) continue;
    span.setAttribute(key, value);
    if (attribute === destination) span.setAttribute(ATTR_MESSAGING_DESTINATION_NAME, value);
    else if (attribute === message) span.setAttribute(ATTR_MESSAGING_MESSAGE_ID, value);
    else if (attribute === batch) span.setAttribute(ATTR_MESSAGING_BATCH_MESSAGE_COUNT, value);
  }
  if (clientId) span.setAttribute(ATTR_MESSAGING_CLIENT_ID, cleanText(clientId));
}

class AttributeBag {
  readonly attributes: Attributes = {};

  setAttribute(key: string, value: AttributeValue): void {
    this.attributes[key] = value;
  }
}

// The values come from the caller's arguments, so their types are unchecked until here.
function convert(type: AttributeDefinition['type'], value: unknown): number | string | string[] | undefined {
  if (type === 'int') return Number.isInteger(value) ? (value as number) : undefined;
  if (type === 'list') {
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string').map(cleanText) : undefined;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
