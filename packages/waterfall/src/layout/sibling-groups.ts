import {
  attemptKey,
  isDatabase,
  isEngineAttempt,
  isEngineCall,
  isEngineInternal,
  isQueueTime,
  isWorkerAttempt,
  statusText,
  subjectOf,
  taskOf,
} from '../read/hatchet-spans.ts';
import { attributeText, type WaterfallSpan } from '../read/span.ts';
import type { SpanNode } from './span-tree.ts';

/** Content of one row: a node, or several siblings that are shown together. */
export interface RowEntry {
  /** If several, the row shows them as one; their subtrees are unseen or, in a `nested` layout, below the row. */
  nodes: SpanNode[];
  /** Spans without a row of their own: duplicates of the shown span, and the engine's work for it. */
  unseen: WaterfallSpan[];
  /** Reason for showing several nodes as one. */
  group?: RowGroup;
  /** Times in the queue that ended when the shown attempts started. */
  waits: readonly WaterfallSpan[];
}

/** `same`: the spans look alike. `attempts`: they are attempts of one task. */
export type RowGroup = 'same' | 'attempts';

export const singleEntry = (node: SpanNode): RowEntry => ({ nodes: [node], unseen: [], waits: [] });

/** Groups siblings of equal shape. Database spans are grouped only if they are consecutive. */
export function groupAlike(siblings: readonly SpanNode[], shapes: ReadonlyMap<SpanNode, number>): RowEntry[] {
  const entries: RowEntry[] = [];
  const byShape = new Map<number, RowEntry>();
  for (const node of siblings) {
    const shape = shapes.get(node);
    const known = isDatabaseLeaf(node) ? entries.at(-1) : byShape.get(shape ?? -1);
    if (shape !== undefined && known && shapes.get(known.nodes[0]!) === shape) {
      known.nodes.push(node);
      known.group = 'same';
      continue;
    }
    const entry = singleEntry(node);
    entries.push(entry);
    if (shape !== undefined && !isDatabaseLeaf(node)) byShape.set(shape, entry);
  }
  return entries;
}

/**
 * Numbers the foldable subtrees, with equal numbers for equal shapes. A subtree with an error, a note or a span of the
 * user's is not foldable and has no number. Repetitions of a child do not change a shape: five statements or six are the
 * same work. All calls of one engine method have the same shape, as the worker's own spans show what it reported.
 */
export function shapesOf(nodes: readonly SpanNode[]): Map<SpanNode, number> {
  const shapes = new Map<SpanNode, number>();
  const numbers = new Map<string, number>();
  for (const node of nodes.toReversed()) {
    if (!node.span || node.note || !isEngineInternal(node.span) || node.span.status === 'ERROR') continue;
    const below = node.children.map((child) => shapes.get(child));
    if (below.includes(undefined)) continue;
    const { name, kind, serviceName } = node.span;
    const inside = isEngineCall(node.span) ? [] : [...new Set(below)].toSorted();
    const key = JSON.stringify([name, kind, serviceName, statusText(node.span), ...inside]);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    shapes.set(node, numbers.get(key)!);
  }
  return shapes;
}

/** Groups the attempts of each task, at the place of the first; a single attempt stays alone. */
export function groupAttempts(entries: RowEntry[], attempts: ReadonlyMap<string, SpanNode>): RowEntry[] {
  const byTask = new Map<string, RowEntry>();
  const grouped: RowEntry[] = [];
  for (const entry of entries) {
    const task = entry.nodes.length === 1 ? attemptedTask(entry.nodes[0]!, attempts) : '';
    const first = task ? byTask.get(task) : undefined;
    if (first) {
      first.nodes.push(...entry.nodes);
      first.group = 'attempts';
      continue;
    }
    grouped.push(entry);
    if (task) byTask.set(task, entry);
  }
  return grouped;
}

/** Number of siblings from which equal ones share a row. */
const MANY = 10;

/** Groups many siblings with the same name, subject and service, at the place of the first. An error stays alone. */
export function groupMany(entries: RowEntry[], failing: ReadonlySet<SpanNode>): RowEntry[] {
  if (entries.length < MANY) return entries;
  const keyOf = ({ nodes: [node], group }: RowEntry): string => {
    if (group || !node?.span || node.running || node.note || failing.has(node)) return '';
    const { span } = node;
    return JSON.stringify([span.name, subjectOf(span), span.kind, span.serviceName, statusText(span)]);
  };
  const alike = Map.groupBy(entries, keyOf);
  const grouped: RowEntry[] = [];
  for (const [key, members] of alike) if (key === '' || members.length < MANY) grouped.push(...members);
  const single = new Set(grouped);
  const placed = new Set<string>();
  return entries.flatMap((entry) => {
    if (single.has(entry)) return [entry];
    const key = keyOf(entry);
    if (placed.has(key)) return [];
    placed.add(key);
    return [{ ...singleEntry(entry.nodes[0]!), nodes: alike.get(key)!.flatMap(({ nodes }) => nodes), group: 'same' }];
  });
}

/** Finds the nodes with an error in their subtree. */
export function failingNodes(nodes: readonly SpanNode[]): Set<SpanNode> {
  const failing = new Set<SpanNode>();
  for (const node of nodes.toReversed()) {
    if (node.span?.status === 'ERROR' || node.children.some((child) => failing.has(child))) failing.add(node);
  }
  return failing;
}

/** Finds the node of each attempt: the worker's span before the engine's, and the first of several invocations. */
export function findAttempts(nodes: readonly SpanNode[]): Map<string, SpanNode> {
  const attempts = new Map<string, SpanNode>();
  for (const node of nodes) {
    const span = node.span ?? node.running;
    if (!span || taskOf(span) === '' || !isAttempt(node)) continue;
    const known = attempts.get(attemptKey(span));
    if (!known?.span || (isEngineAttempt(known.span) && !isEngineAttempt(span))) attempts.set(attemptKey(span), node);
  }
  return attempts;
}

/** Finds the queue times of each attempt; a queue time without an attempt is left out. */
export function findQueueTimes(
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

type TimeRange = Pick<WaterfallSpan, 'startTimeUnixNano' | 'endTimeUnixNano'>;

/** Queue times of a row: the engine's spans, or else the durations that the worker reported. */
export function queueTimes({ nodes, waits }: RowEntry): TimeRange[] {
  if (waits.length > 0) return [...waits];
  return nodes.flatMap(({ span }) => (span && reportedQueueTime(span)) ?? []);
}

/** `hatchet.queue_time_ms` of a first attempt, for engines that send no queue spans. */
function reportedQueueTime(span: WaterfallSpan): TimeRange | undefined {
  const ms = Number(isWorkerAttempt(span) ? attributeText(span, 'hatchet.queue_time_ms') : 0);
  if (!(ms > 0 && Number.isFinite(ms))) return undefined;
  const { startTimeUnixNano: end } = span;
  return { startTimeUnixNano: end - BigInt(Math.round(ms * 1e6)), endTimeUnixNano: end };
}

/** Task of a node that stands for an attempt, otherwise empty. A queued task stands for its attempt until that exists. */
function attemptedTask(node: SpanNode, attempts: ReadonlyMap<string, SpanNode>): string {
  const span = node.span ?? node.running;
  if (!span) return '';
  const attempt = attempts.get(attemptKey(span));
  const standsForAttempt = isAttempt(node)
    ? attempt === node || isWorkerAttempt(span)
    : isQueueTime(span) && attempt === undefined;
  return standsForAttempt ? taskOf(span) : '';
}

function isAttempt({ span, running }: SpanNode): boolean {
  return span ? isWorkerAttempt(span) || isEngineAttempt(span) : running !== undefined;
}

function isDatabaseLeaf(node: SpanNode): boolean {
  return node.children.length === 0 && node.span !== undefined && isDatabase(node.span);
}
