import { cleanText } from '@hatchet-ts/internal/clean-text';
import type { Attributes } from '@opentelemetry/api';
import { RUN_PREFIX } from './names.ts';

/** Attributes of `hatchet.run/` spans, without that prefix. The table is closed: add a row to use a new key. */
export const RUN_ATTRIBUTES = {
  'tenant.id': 'string',
  'worker.id': 'string',
  'workflow.name': 'string',
  'workflow_run.id': 'string',
  'workflow_version.id': 'string',
  'step.id': 'string',
  'step_run.id': 'string',
  'event.id': 'string',
  'action.id': 'string',
  'queue.name': 'string',
  'queue.item_count': 'number',
  retry_count: 'number',
  'payload.size_bytes': 'number',
  'batch.item_count': 'number',
  'batch.assigned': 'number',
  'batch.unassigned': 'number',
  'result.succeeded': 'number',
  'result.failed': 'number',
} as const;

export type RunAttributes = AttributesOf<typeof RUN_ATTRIBUTES>;

/** Attributes of `hatchet.engine.` spans, without the prefix `hatchet.`. Each span also gets `span_source = engine`. */
export const ENGINE_ATTRIBUTES = {
  tenant_id: 'string',
  worker_id: 'string',
  workflow_run_id: 'string',
  workflow_id: 'string',
  workflow_name: 'string',
  workflow_version_id: 'string',
  step_id: 'string',
  step_name: 'string',
  step_run_id: 'string',
  action_name: 'string',
  retry_count: 'number',
  priority: 'number',
  parent_workflow_run_id: 'string',
  child_workflow_key: 'string',
  child_workflow_index: 'number',
  durable_invocation_count: 'number',
  triggering_event_external_id: 'string',
  triggering_event_key: 'string',
  event_id: 'string',
  event_key: 'string',
  scope: 'string',
  queue_time_ms: 'number',
  outcome: 'string',
} as const;

export type EngineAttributes = AttributesOf<typeof ENGINE_ATTRIBUTES>;

/** Prefixes the keys; leaves out null, undefined and the empty string, keeps zero and false; texts are clean. */
export function prefixKeys(prefix: string, values: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === '') continue;
    attributes[prefix + key] = typeof value === 'string' ? cleanText(value) : (value as number | boolean);
  }
  return attributes;
}

export const TENANT_ATTRIBUTE: string = `${RUN_PREFIX}tenant.id`;

type AttributeType = 'string' | 'number' | 'boolean';
type AttributesOf<Table extends Record<string, AttributeType>> = {
  readonly [Key in keyof Table]?: TypeNamed<Table[Key]> | null | undefined;
};
type TypeNamed<Name extends AttributeType> = Name extends 'string' ? string : Name extends 'number' ? number : boolean;
