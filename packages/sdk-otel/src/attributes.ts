import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
  ATTR_MESSAGING_CLIENT_ID,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_MESSAGE_ID,
} from './semconv.ts';

/** The attribute keys of this package's spans, by the name under which `excludedAttributes` takes them. */
export const HATCHET_ATTRIBUTES = {
  tenant_id: 'hatchet.tenant_id',
  worker_id: 'hatchet.worker_id',
  workflow_run_id: 'hatchet.workflow_run_id',
  step_id: 'hatchet.step_id',
  step_run_id: 'hatchet.step_run_id',
  action_name: 'hatchet.action_name',
  step_name: 'hatchet.step_name',
  workflow_name: 'hatchet.workflow_name',
  workflow_id: 'hatchet.workflow_id',
  workflow_version_id: 'hatchet.workflow_version_id',
  retry_count: 'hatchet.retry_count',
  parent_workflow_run_id: 'hatchet.parent_workflow_run_id',
  child_workflow_key: 'hatchet.child_workflow_key',
  child_workflow_index: 'hatchet.child_workflow_index',
  durable_invocation_count: 'hatchet.durable_invocation_count',
  triggering_event_external_id: 'hatchet.triggering_event_external_id',
  triggering_event_key: 'hatchet.triggering_event_key',
  priority: 'hatchet.priority',
  outcome: 'hatchet.outcome',
  queue_time_ms: 'hatchet.queue_time_ms',
  parent_id: 'hatchet.parent_id',
  parent_step_run_id: 'hatchet.parent_step_run_id',
  child_index: 'hatchet.child_index',
  child_key: 'hatchet.child_key',
  desired_worker_id: 'hatchet.desired_worker_id',
  sticky: 'hatchet.sticky',
  namespace: 'hatchet.namespace',
  child_workflow_run_id: 'hatchet.child_workflow_run_id',
  num_workflows: 'hatchet.num_workflows',
  unique_workflow_names: 'hatchet.unique_workflow_names',
  event_key: 'hatchet.event_key',
  scope: 'hatchet.scope',
  event_id: 'hatchet.event_id',
  num_events: 'hatchet.num_events',
  unique_event_keys: 'hatchet.unique_event_keys',
  num_item_spans: 'hatchet.num_item_spans',
  payload: 'hatchet.payload',
  additional_metadata: 'hatchet.additional_metadata',
} as const;

/** An attribute's name without the prefix `hatchet.`. */
export type HatchetAttribute = keyof typeof HATCHET_ATTRIBUTES;

type IntegerAttribute =
  | 'retry_count'
  | 'child_workflow_index'
  | 'durable_invocation_count'
  | 'priority'
  | 'queue_time_ms'
  | 'child_index'
  | 'num_workflows'
  | 'num_events'
  | 'num_item_spans';
type ListAttribute = 'unique_workflow_names' | 'unique_event_keys';

/** Values before the rules of the contract: what is undefined, null, empty or of the wrong type is left out. */
export type HatchetValues = {
  [A in HatchetAttribute]?:
    | (A extends IntegerAttribute ? number : A extends ListAttribute ? readonly string[] : string)
    | null
    | undefined;
};

/** What a span says about its message, beyond `hatchet.*`. */
export interface SpanValues {
  readonly hatchet: HatchetValues;
  /** the attribute whose value is the `messaging.destination.name` too */
  readonly destination?: 'workflow_name' | 'event_key';
  /** the attribute whose value is the `messaging.message.id` too */
  readonly message?: 'workflow_run_id' | 'child_workflow_run_id' | 'event_id';
  /** the attribute whose value is the `messaging.batch.message_count` too */
  readonly batch?: 'num_workflows' | 'num_events';
  /** `messaging.client.id` */
  readonly clientId?: string | undefined;
}

/**
 * The attributes of a span. An excluded name takes the `messaging.*` attribute that carries the same value with it;
 * zero and false are values.
 */
export function spanAttributes(values: SpanValues, excluded: ReadonlySet<HatchetAttribute>): Attributes {
  const attributes: Attributes = {};
  for (const name in values.hatchet) {
    const attribute = name as HatchetAttribute;
    if (excluded.has(attribute)) continue;
    const value = typed(attribute, values.hatchet[attribute]);
    if (value === undefined) continue;
    attributes[HATCHET_ATTRIBUTES[attribute]] = value;
    if (attribute === values.destination) attributes[ATTR_MESSAGING_DESTINATION_NAME] = value;
    else if (attribute === values.message) attributes[ATTR_MESSAGING_MESSAGE_ID] = value;
    else if (attribute === values.batch) attributes[ATTR_MESSAGING_BATCH_MESSAGE_COUNT] = value;
  }
  if (values.clientId) attributes[ATTR_MESSAGING_CLIENT_ID] = values.clientId;
  return attributes;
}

const INTEGERS: ReadonlySet<HatchetAttribute> = new Set<IntegerAttribute>([
  'retry_count',
  'child_workflow_index',
  'durable_invocation_count',
  'priority',
  'queue_time_ms',
  'child_index',
  'num_workflows',
  'num_events',
  'num_item_spans',
]);
const LISTS: ReadonlySet<HatchetAttribute> = new Set<ListAttribute>(['unique_workflow_names', 'unique_event_keys']);

// The values come from the caller's arguments: their types are a hope until here.
function typed(attribute: HatchetAttribute, value: unknown): number | string | string[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (INTEGERS.has(attribute)) return Number.isInteger(value) ? (value as number) : undefined;
  if (LISTS.has(attribute)) {
    return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : undefined;
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
