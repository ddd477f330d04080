import { type Context, context, trace } from '@opentelemetry/api';
import { BAGGAGE, withBaggage } from './baggage.ts';
import { type Metadata, parseMetadata } from './carrier.ts';
import { type Placement, placement, type RelationOption } from './relation.ts';

/** Context that a task or batch received with its metadata. */
export interface ReceivedContext {
  /** Context above the task's span. */
  readonly above: Context;
  readonly place: Placement;
  readonly metadata: Metadata;
}

/**
 * Reads the context above a task from its metadata. The span of the worker's listener loop is never a parent; the rest of
 * its context stays.
 */
export function readReceivedContext(
  settings: { readonly relation: RelationOption; readonly propagateBaggage: boolean },
  action: { readonly actionId: string; readonly taskName: string; readonly additionalMetadata?: string | undefined },
  workflowName: string,
): ReceivedContext {
  const everyKey = typeof settings.relation === 'function';
  const metadata = parseMetadata(action.additionalMetadata, everyKey) ?? {};
  const { actionId, taskName } = action;
  const place = placement(settings.relation, { actionId, taskName, workflowName }, metadata);
  const active = context.active();
  let above = active;
  if (place.parent) above = trace.setSpanContext(active, place.parent);
  else if (trace.getSpan(active)) above = trace.deleteSpan(active);
  if (settings.propagateBaggage) above = withBaggage(above, metadata[BAGGAGE]);
  return { above, place, metadata };
}

/** Reports if a context manager is registered, so that a context that is made active reaches the user's code. */
export function hasContextManager(): boolean {
  const active = context.active();
  const probe = trace.deleteSpan(active);
  return context.with(probe, () => context.active() === probe);
}
