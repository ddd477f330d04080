import { isEngineAttempt, isQueueTime, isWorkerAttempt, taskOf } from './engine-spans.ts';
import type { FoldedSiblings } from './folded-siblings.ts';
import { attemptOf } from './label.ts';
import type { WaterfallSpan } from './span.ts';
import type { SpanNode } from './tree.ts';

/** The same for all spans that tell of one attempt of one task. */
export function attemptKey(span: WaterfallSpan): string {
  return `${taskOf(span)}#${attemptOf(span)}`;
}

/** Brings the attempts of one task together, where the first of them stands; a task with one attempt stays as it is. */
export function attemptGroups(entries: FoldedSiblings[], attempts: ReadonlyMap<string, SpanNode>): FoldedSiblings[] {
  const tasks = new Map<string, FoldedSiblings>();
  const grouped: FoldedSiblings[] = [];
  for (const entry of entries) {
    const task = entry.nodes.length === 1 ? attemptedTask(entry.nodes[0]!, attempts) : '';
    const first = task ? tasks.get(task) : undefined;
    if (first) {
      first.nodes.push(...entry.nodes);
      first.group = 'attempts';
      continue;
    }
    grouped.push(entry);
    if (task) tasks.set(task, entry);
  }
  return grouped;
}

/** The node that tells of each attempt: the worker's rather than the engine's, and of several invocations the first. */
export function attemptsOf(nodes: readonly SpanNode[]): Map<string, SpanNode> {
  const attempts = new Map<string, SpanNode>();
  for (const node of nodes) {
    const span = node.span ?? node.running;
    if (!span || taskOf(span) === '' || !isAttempt(node)) continue;
    const known = attempts.get(attemptKey(span));
    if (!known?.span || (isEngineAttempt(known.span) && !isEngineAttempt(span))) attempts.set(attemptKey(span), node);
  }
  return attempts;
}

/** The times in the queue, by the attempt that they ended with; a time without its attempt is nobody's. */
export function waitsOf(
  nodes: readonly SpanNode[],
  attempts: ReadonlyMap<string, SpanNode>,
): Map<SpanNode, SpanNode[]> {
  const waits = new Map<SpanNode, SpanNode[]>();
  for (const node of nodes) {
    if (!node.span || !isQueueTime(node.span) || node.children.length > 0) continue;
    const attempt = attempts.get(attemptKey(node.span));
    if (attempt) waits.set(attempt, [...(waits.get(attempt) ?? []), node]);
  }
  return waits;
}

/** Of which task a node is an attempt; empty for anything else. A task in the queue is one that waits for its attempt. */
function attemptedTask(node: SpanNode, attempts: ReadonlyMap<string, SpanNode>): string {
  const span = node.span ?? node.running;
  if (!span) return '';
  const told = attempts.get(attemptKey(span)); // by another span, where this is the engine's account of it
  const is = isAttempt(node) ? told === node || isWorkerAttempt(span) : isQueueTime(span) && !told;
  return is ? taskOf(span) : '';
}

function isAttempt({ span, running }: SpanNode): boolean {
  return span ? isWorkerAttempt(span) || isEngineAttempt(span) : running !== undefined;
}
