import { attemptKey, isEngineAttempt, isEngineWork, isWorkerAttempt, taskOf } from '../read/hatchet-spans.ts';
import { attributeText, type WaterfallSpan } from '../read/span.ts';
import { preorder, type SpanNode } from './span-tree.ts';

/** Engine spans that duplicate a worker's span of the same attempt. */
interface DuplicateAttempts {
  /** The engine's nodes; they need no row. */
  unseen: Set<SpanNode>;
  /** The engine's nodes by the worker's node. */
  byWorker: Map<SpanNode, SpanNode[]>;
}

export const NO_DUPLICATES: DuplicateAttempts = { unseen: new Set(), byWorker: new Map() };

/** Finds attempts that the engine and a worker both report. An error that only the engine saw keeps its row. */
export function findDuplicateAttempts(nodes: readonly SpanNode[]): DuplicateAttempts {
  const workers = new Map<string, SpanNode>();
  for (const node of nodes) if (node.span && isWorkerAttempt(node.span)) workers.set(attemptKey(node.span), node);
  const duplicates: DuplicateAttempts = { unseen: new Set(), byWorker: new Map() };
  for (const node of nodes) {
    if (!node.span || !isEngineAttempt(node.span) || node.children.length > 0 || node.note) continue;
    const worker = workers.get(attemptKey(node.span));
    // only the engine sees a timeout or a lost worker
    if (!worker || (node.span.status === 'ERROR' && worker.span!.status !== 'ERROR')) continue;
    duplicates.unseen.add(node);
    duplicates.byWorker.set(worker, [...(duplicates.byWorker.get(worker) ?? []), node]);
  }
  return duplicates;
}

/** Subtrees of engine work, and the nodes that they were done for. */
interface EngineWork {
  /** Roots of the subtrees, and queue times that are drawn before their attempt. */
  unseen: Set<SpanNode>;
  /** Spans of the subtrees by node: the attempt that they served, or else their parent. */
  byServed: Map<SpanNode, WaterfallSpan[]>;
}

export const NO_WORK: EngineWork = { unseen: new Set(), byServed: new Map() };

/**
 * Finds the subtrees that hold only engine work. A subtree that names a task belongs to the attempt of that task; any
 * other belongs to its parent. A subtree without a parent stays visible: it is a trace of its own.
 *
 * @param foldable nodes whose subtree has no error and no span of the user's
 * @param duplicates engine's nodes that {@link findDuplicateAttempts} found
 */
export function findEngineWork(
  nodes: readonly SpanNode[],
  foldable: ReadonlyMap<SpanNode, unknown>,
  duplicates: ReadonlySet<SpanNode>,
  queueTimes: ReadonlyMap<SpanNode, readonly SpanNode[]>,
): EngineWork {
  const work: EngineWork = { unseen: new Set(), byServed: new Map() };
  const attempts = new Map<string, SpanNode>();
  for (const node of nodes) {
    const span = node.span ?? node.running;
    if (!span || duplicates.has(node) || taskOf(span) === '' || !(node.running || isWorkerAttempt(span))) continue;
    if (!attempts.has(attemptKey(span))) attempts.set(attemptKey(span), node);
  }
  for (const [attempt, queued] of queueTimes) for (const node of queued) hide(work, node, attempt);
  for (const node of nodes) {
    const { parent } = node;
    if (!parent || !foldable.has(node) || !isEngineWork(node.span!)) continue;
    if (parent.span && foldable.has(parent) && isEngineWork(parent.span)) continue; // hidden with its parent
    hide(work, node, attempts.get(servedAttempt(node)) ?? parent);
  }
  return work;
}

function hide(work: EngineWork, node: SpanNode, served: SpanNode): void {
  work.unseen.add(node);
  const spans = preorder([node]).map((each) => each.span!);
  const known = work.byServed.get(served);
  if (known) known.push(...spans);
  else work.byServed.set(served, spans);
}

/** Key of the attempt that a subtree names in the attributes of Hatchet's services. */
function servedAttempt(root: SpanNode): string {
  for (const { span } of preorder([root])) {
    const task = span && attributeText(span, 'hatchet.run/step_run.id');
    if (task) return `${task}#${Number(attributeText(span, 'hatchet.run/retry_count')) || 0}`;
  }
  return '';
}
