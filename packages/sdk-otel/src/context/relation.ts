import type { Link, SpanContext } from '@opentelemetry/api';
import { callUserFunction } from '../call/guard.ts';
import { ATTR_OPENTRACING_REF_TYPE } from '../tables/semconv.ts';
import {
  LINK_TRACEPARENT,
  type Metadata,
  parseTraceparent,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
} from './carrier.ts';

/** Relation of a task's span to the context in which its run was created. */
export type Relation = 'parent' | 'link';

/** Task for which a relation function decides. */
export interface RelatedAction {
  /** `<workflow>:<task>` */
  readonly actionId: string;
  readonly workflowName: string;
  readonly taskName: string;
  /** The run's metadata. */
  readonly metadata: Readonly<Metadata>;
}

/** `auto` means parent, unless the run's metadata contain a relation. A function may return `auto` too. */
export type RelationOption = 'auto' | Relation | ((action: RelatedAction) => 'auto' | Relation);

/** Place of a task's span in the traces. */
export interface Placement {
  /** Remote parent; without one the span starts a trace. */
  readonly parent?: SpanContext;
  /** Context in which the run was created, linked in every mode. */
  readonly creation?: SpanContext;
}

/**
 * Decides between parent and link. A relation function comes before the call's own `hatchet__trace_relation`, which comes
 * before a constant of the instrumentor. If the engine gave a run with the relation `link` a context of its own, the task joins
 * that context; otherwise it starts a trace. In both cases it links to the context in which the run, cron or schedule was
 * created.
 */
export function placement(
  option: RelationOption,
  action: Omit<RelatedAction, 'metadata'>,
  metadata: Metadata,
): Placement {
  const received = parseTraceparent(metadata[TRACEPARENT], metadata[TRACESTATE]);
  const origin = parseTraceparent(metadata[LINK_TRACEPARENT]);
  if (received && origin) return { parent: received, creation: origin };
  if (!received) return origin ? { creation: origin } : {};
  const relation = chooseRelation(option, action, metadata);
  return relation === 'link' ? { creation: received } : { parent: received, creation: received };
}

/**
 * Relation that the creator of a cron, or of a schedule more than an hour ahead, writes for its firings: they start traces
 * of their own, unless the instrumentor is configured with `parent`.
 */
export function futureRelation(option: RelationOption): 'link' | undefined {
  return option === 'parent' ? undefined : 'link';
}

function chooseRelation(option: RelationOption, action: Omit<RelatedAction, 'metadata'>, metadata: Metadata): Relation {
  if (typeof option === 'function') {
    const answer = callUserFunction('relation', option, { ...action, metadata });
    if (answer === 'parent' || answer === 'link') return answer;
  }
  const requested = metadata[TRACE_RELATION];
  if (requested === 'parent' || requested === 'link') return requested;
  return option === 'link' ? 'link' : 'parent';
}

/**
 * A link to each context, without repetition. The contexts are known to be valid. A link to the parent is marked as such:
 * Jaeger's and the Collector's translators would otherwise turn the parent itself into FOLLOWS_FROM.
 */
export function linksTo(parent: SpanContext | undefined, contexts: readonly (SpanContext | undefined)[]): Link[] {
  const links: Link[] = [];
  for (const context of contexts) {
    if (!context || isLinked(links, context)) continue;
    links.push(parent && isSame(parent, context) ? { context, attributes: CHILD_OF } : { context });
  }
  return links;
}

function isLinked(links: readonly Link[], context: SpanContext): boolean {
  for (const link of links) if (isSame(link.context, context)) return true;
  return false;
}

const CHILD_OF = { [ATTR_OPENTRACING_REF_TYPE]: 'child_of' };

function isSame(one: SpanContext, other: SpanContext): boolean {
  return one.spanId === other.spanId && one.traceId === other.traceId;
}
