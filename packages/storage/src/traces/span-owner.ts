import { isUuid } from '@hatchet-ts/internal/uuid';
import { OPERATOR_SUBJECT } from '../credentials/index.ts';
import type { Attributes, AttributeValue } from './span-record.ts';

/** Owner of the token that spans arrived with. */
export type SpanOwner = { scope: 'tenant'; tenantId: string } | { scope: 'operator' };

/** Attribute keys that link a span to its tenant, run and task, in the vocabularies of the SDKs and of the services. */
const KEYS = {
  tenant: ['hatchet.run/tenant.id', 'hatchet.tenant_id'],
  run: ['hatchet.workflow_run_id', 'hatchet.run/workflow_run.id'],
  task: ['hatchet.step_run_id', 'hatchet.run/step_run.id'],
  retryCount: ['hatchet.retry_count', 'hatchet.run/retry_count'],
};

/** SQL condition for a span of the operator's services. The engine's account of runs and attempts is not one: it is the tenant's. */
export const SERVICE_SPAN = `(owner_id = '${OPERATOR_SUBJECT}' AND NOT starts_with(name, 'hatchet.engine.'))`;

/** Returns the value of the column `owner_id`. */
export function ownerId(owner: SpanOwner): string {
  return owner.scope === 'tenant' ? owner.tenantId : OPERATOR_SUBJECT;
}

/**
 * Returns the tenant that may see a span. A tenant's spans belong to that tenant, whatever their attributes claim. An
 * operator's span is visible to the tenant that it names, or to no tenant if it names none.
 */
export function viewerOf(owner: SpanOwner, attributes: Attributes): string | undefined {
  return owner.scope === 'tenant' ? owner.tenantId : uuidAt(attributes, KEYS.tenant);
}

/** Reads the run and task that a span names. Ignores an id that is not a UUID, which another application may have set. */
export function correlation(attributes: Attributes): { runId?: string; taskId?: string; retryCount: number } {
  const retryCount = Number(firstValue(attributes, KEYS.retryCount) ?? 0);
  return {
    runId: uuidAt(attributes, KEYS.run),
    taskId: uuidAt(attributes, KEYS.task),
    retryCount: Number.isInteger(retryCount) && retryCount >= 0 && retryCount < 2 ** 31 ? retryCount : 0,
  };
}

function uuidAt(attributes: Attributes, keys: string[]): string | undefined {
  const value = firstValue(attributes, keys);
  return typeof value === 'string' && isUuid(value) ? value : undefined;
}

function firstValue(attributes: Attributes, keys: string[]): AttributeValue | undefined {
  return keys.map((key) => attributes[key]).find((value) => value !== undefined && value !== null);
}
