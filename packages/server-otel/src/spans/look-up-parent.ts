import { context, diag, isSpanContextValid, ROOT_CONTEXT, type SpanContext } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/** What a service's own look-up of a parent may answer. */
export type ParentFound = SpanContext | undefined | Promise<SpanContext | undefined>;

/**
 * Asks a service for the parent of a request that brought no context of its own. The look-up is never traced
 * itself; when it fails, or finds something invalid, the request goes on without a parent.
 *
 * @param of what was asked for, for the warning
 */
export async function lookUpParent(
  of: string,
  find: (() => ParentFound) | undefined,
): Promise<SpanContext | undefined> {
  if (find === undefined) return undefined;
  try {
    const parent = await context.with(suppressTracing(ROOT_CONTEXT), find);
    return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
  } catch (error) {
    diag.warn(`No parent for ${of}: the look-up failed`, error);
    return undefined;
  }
}
