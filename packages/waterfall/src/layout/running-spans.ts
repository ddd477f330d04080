import { attemptKey, isEngineAttempt, isQueueTime, isWorkerAttempt, taskOf } from '../read/hatchet-spans.ts';
import { attributeText, type WaterfallSpan } from '../read/span.ts';
import { preorder, type SpanNode, type TraceTree } from './span-tree.ts';

/**
 * Marks the running nodes of a trace that still grows. Spans are sent when they end, so a missing parent still runs, and
 * so does an attempt that has left the queue but has no span. Merges the two if the spans below the missing parent name
 * the attempt that they belong to.
 */
export function markRunning(tree: TraceTree): void {
  const nodes = preorder(tree.roots);
  const ended = new Set(nodes.flatMap(({ span }) => (span && isAttempt(span) ? [attemptKey(span)] : [])));
  const started = new Map<string, SpanNode>(); // by task, which has one attempt at a time
  for (const node of nodes) {
    if (!node.span || !isQueueTime(node.span) || taskOf(node.span) === '' || ended.has(attemptKey(node.span))) continue;
    started.set(taskOf(node.span), node);
  }
  for (const root of [...tree.roots]) {
    if (root.missing === undefined) continue;
    const task = enclosingTask(root);
    const queued = started.get(task);
    root.running = queued?.span ?? root.children[0]!.span!;
    if (!queued) continue;
    started.delete(task);
    if (queued.parent) move(root, queued.parent, tree);
  }
  for (const queued of started.values()) addRunning(queued, tree);
}

/** Task that the children of a missing parent belong to: from inherited attributes, or as the task that spawned a child. */
function enclosingTask({ children }: SpanNode): string {
  for (const { span, children: items } of children) {
    if (!span) continue;
    const spawned = [span, ...items.flatMap((item) => item.span ?? [])].filter((each) => each.kind === 'PRODUCER');
    const parent = spawned.map((each) => attributeText(each, 'hatchet.parent_step_run_id')).find(Boolean);
    const inherited = isAttempt(span) || isQueueTime(span) ? '' : attributeText(span, 'hatchet.step_run_id');
    if (parent || inherited) return parent || inherited;
  }
  return '';
}

/** Adds a node for an attempt that has only a queue time. */
function addRunning(queued: SpanNode, tree: TraceTree): void {
  const node: SpanNode = { running: queued.span!, parent: queued.parent, children: [] };
  if (queued.parent) queued.parent.children.push(node);
  else tree.roots.push(node);
}

function move(root: SpanNode, parent: SpanNode, tree: TraceTree): void {
  if (preorder([root]).includes(parent)) return; // it would become its own ancestor
  tree.roots = tree.roots.filter((each) => each !== root);
  root.parent = parent;
  parent.children.push(root);
}

const isAttempt = (span: WaterfallSpan): boolean => isWorkerAttempt(span) || isEngineAttempt(span);
