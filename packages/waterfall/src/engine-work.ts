import { attemptKey } from './attempts.ts';
import { isEngineWork, isWorkerAttempt, taskOf } from './engine-spans.ts';
import { attributeText, type WaterfallSpan } from './span.ts';
import { preorder, type SpanNode } from './tree.ts';

/** What the engine did, and for whom. */
export interface EngineWork {
  /** Subtrees of it, and times in the queue that an attempt shows. */
  unseen: Set<SpanNode>;
  /** Its spans, by the node that they are told with: the attempt that they served, or else what called for them. */
  servedBy: Map<SpanNode, WaterfallSpan[]>;
}

/**
 * Finds the subtrees that hold nothing but the engine's work. A subtree that names a task belongs to the attempt of that
 * task; any other to its parent. One without a parent stays in sight: it is a trace of its own.
 *
 * @param foldable nodes whose subtree is free of errors and of anything of the user's
 * @param twins engine's views of attempts, which are told with the worker's
 */
export function engineWork(
  nodes: readonly SpanNode[],
  foldable: ReadonlyMap<SpanNode, unknown>,
  twins: ReadonlySet<SpanNode>,
  waits: ReadonlyMap<SpanNode, readonly SpanNode[]>,
): EngineWork {
  const work: EngineWork = { unseen: new Set(), servedBy: new Map() };
  const attempts = new Map<string, SpanNode>();
  for (const node of nodes) {
    const span = node.span ?? node.running;
    if (!span || twins.has(node) || taskOf(span) === '' || !(node.running || isWorkerAttempt(span))) continue;
    if (!attempts.has(attemptKey(span))) attempts.set(attemptKey(span), node);
  }
  for (const [attempt, queue] of waits) for (const node of queue) hide(work, node, attempt);
  for (const node of nodes) {
    const { parent } = node;
    if (!parent || !foldable.has(node) || !isEngineWork(node.span!)) continue;
    if (parent.span && foldable.has(parent) && isEngineWork(parent.span)) continue; // hidden with what is above it
    hide(work, node, attempts.get(servedAttempt(node)) ?? parent);
  }
  return work;
}

function hide(work: EngineWork, node: SpanNode, host: SpanNode): void {
  work.unseen.add(node);
  const spans = preorder([node]).map((each) => each.span!);
  const told = work.servedBy.get(host);
  if (told) told.push(...spans);
  else work.servedBy.set(host, spans);
}

/** The key of the attempt that a subtree names, in the words of the services' spans. */
function servedAttempt(root: SpanNode): string {
  for (const { span } of preorder([root])) {
    const task = span && attributeText(span, 'hatchet.run/step_run.id');
    if (task) return `${task}#${Number(attributeText(span, 'hatchet.run/retry_count')) || 0}`;
  }
  return '';
}
