import { OPERATOR_SUBJECT } from '../credentials/token-scope.ts';
import type { Attributes, AttributeValue } from './span-record.ts';

/** Whose token spans arrived with. */
export type SpanOwner = { scope: 'tenant'; tenantId: string } | { scope: 'operator' };

const UUID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;

/** The keys under which spans name what they belong to: those of the SDKs and the engine's spans, and those of services. */
const KEYS = {
  tenant: ['hatchet.run/tenant.id', 'hatchet.tenant_id'],
  run: ['hatchet.workflow_run_id', 'hatchet.run/workflow_run.id'],
  task: ['hatchet.step_run_id', 'hatchet.run/step_run.id'],
  retryCount: ['hatchet.retry_count', 'hatchet.run/retry_count'],
};

/** Value of the column `owner_id`. */
export function ownerId(owner: SpanOwner): string {
  return owner.scope === 'tenant' ? owner.tenantId : OPERATOR_SUBJECT;
}

/**
 * The tenant that may see a span. A tenant's spans are its own, whatever their attributes claim; an operator's span is
 * shown to the tenant that it names, and to nobody when it names none.
 */
export function viewerOf(owner: SpanOwner, attributes: Attributes): string | undefined {
  return owner.scope === 'tenant' ? owner.tenantId : uuidAt(attributes, KEYS.tenant);
}

/** The run and task that a span names. An id that is no UUID belongs to somebody else's vocabulary: the span stays. */
export function correlation(attributes: Attributes): { runId?: string; taskId?: string; retryCount: number } {
  const retryCount = Number(first(attributes, KEYS.retryCount) ?? 0);
  return {
    runId: uuidAt(attributes, KEYS.run),
    taskId: uuidAt(attributes, KEYS.task),
    retryCount: Number.isInteger(retryCount) && retryCount >= 0 && retryCount < 2 ** 31 ? retryCount : 0,
  };
}

function uuidAt(attributes: Attributes, keys: string[]): string | undefined {
  const value = first(attributes, keys);
  return typeof value === 'string' && UUID.test(value) ? value : undefined;
}

function first(attributes: Attributes, keys: string[]): AttributeValue | undefined {
  return keys.map((key) => attributes[key]).find((value) => value !== undefined && value !== null);
}
