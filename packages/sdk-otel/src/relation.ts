import type { SpanContext } from '@opentelemetry/api';
import {
  LINK_TRACEPARENT,
  type Metadata,
  parseTraceparent,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
} from './carrier.ts';
import { userCall } from './guard.ts';

/** How a task's span stands to the context in which its run was created. */
export type Relation = 'parent' | 'link';

/** What a relation function is told about the task. */
export interface RelatedAction {
  /** `<workflow>:<task>` */
  readonly actionId: string;
  readonly workflowName: string;
  readonly taskName: string;
  /** the run's metadata, where they carry a context or a relation */
  readonly metadata: Readonly<Metadata>;
}

/** `auto` is parent, or what the run's metadata say; a function may answer `auto` too. */
export type RelationOption = 'auto' | Relation | ((action: RelatedAction) => 'auto' | Relation);

/** Where a task's span belongs. */
export interface Placement {
  /** the remote parent; without one the span begins a trace */
  readonly parent?: SpanContext;
  /** the context in which the run was created, linked in every mode */
  readonly creation?: SpanContext;
}

/**
 * Parent or link. A function that decides goes before the call's own `hatchet__trace_relation`, and that before the
 * instrumentor's constant. A firing to which the engine gave a context of its own joins that context and links to
 * the one in which the cron or schedule was created.
 */
export function placement(
  option: RelationOption,
  action: Omit<RelatedAction, 'metadata'>,
  metadata: Metadata,
): Placement {
  const received = parseTraceparent(metadata[TRACEPARENT], metadata[TRACESTATE]);
  const origin = parseTraceparent(metadata[LINK_TRACEPARENT]);
  if (received && origin) return { parent: received, creation: origin };
  if (!received) return {};
  const relation = decided(option, action, metadata);
  return relation === 'link' ? { creation: received } : { parent: received, creation: received };
}

/**
 * What the creator of a cron, or of a schedule more than an hour ahead, writes of its firings: they begin traces of their
 * own, unless the instrumentor was told `parent`.
 */
export function futureRelation(option: RelationOption): Relation | undefined {
  return option === 'parent' ? undefined : 'link';
}

function decided(option: RelationOption, action: Omit<RelatedAction, 'metadata'>, metadata: Metadata): Relation {
  if (typeof option === 'function') {
    const answer = userCall('relation', option, { ...action, metadata });
    if (answer === 'parent' || answer === 'link') return answer;
  }
  const asked = metadata[TRACE_RELATION];
  if (asked === 'parent' || asked === 'link') return asked;
  return option === 'link' ? 'link' : 'parent';
}

/** A link to each context, once. They are our own spans' and what `parseTraceparent` took: valid ones. */
export function linksTo(...contexts: (SpanContext | undefined)[]): { context: SpanContext }[] {
  const links: { context: SpanContext }[] = [];
  for (const context of contexts) {
    if (!context || isLinked(links, context)) continue;
    links.push({ context });
  }
  return links;
}

function isLinked(links: readonly { context: SpanContext }[], { traceId, spanId }: SpanContext): boolean {
  for (const { context } of links) if (context.spanId === spanId && context.traceId === traceId) return true;
  return false;
}
