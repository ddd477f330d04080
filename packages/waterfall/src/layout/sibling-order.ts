import { attemptOf, isQueueTime, spanLabel, statusText, subjectOf } from '../read/hatchet-spans.ts';
import { attributeText } from '../read/span.ts';
import { preorder, type SpanNode, type TraceTree } from './span-tree.ts';
import { earliest } from './timeline.ts';

/** `time`: chronological. `canonical`: independent of ids and times, so that equal traces give equal pictures. */
export type SiblingOrder = 'time' | 'canonical';

/** Sorts siblings and roots in place, and the traces themselves. */
export function sortTrees(trees: TraceTree[], order: SiblingOrder): void {
  const compare = order === 'time' ? byTime : byContent;
  for (const tree of trees) {
    for (const node of preorder(tree.roots).toReversed()) node.children.sort(compare); // children before parents
    tree.roots.sort(compare);
  }
  trees.sort((a, b) => compareLists(a.roots, b.roots, compare) || compareValue(a.traceId, b.traceId));
}

/** Start of a node; of a missing parent, the start of its first child; of a running attempt, the end of its queue time. */
export function startOf({ span, running, children }: SpanNode): bigint {
  if (span) return span.startTimeUnixNano;
  const known = children.flatMap((child) => child.span?.startTimeUnixNano ?? []);
  return earliest(running && isQueueTime(running) ? [running.endTimeUnixNano, ...known] : known);
}

/** Compares starts, then bulk indexes and ends: the SDK's clock starts spans at whole milliseconds, so starts are often equal. */
function byTime(a: SpanNode, b: SpanNode): number {
  return (
    compareValue(startOf(a), startOf(b)) ||
    indexOf(a) - indexOf(b) ||
    compareValue(endOf(a), endOf(b)) ||
    compareValue(nameOf(a), nameOf(b)) ||
    compareValue(idOf(a), idOf(b))
  );
}

/** Compares names, subjects, the rest of the lines, and then the subtrees, span by span. */
function byContent(a: SpanNode, b: SpanNode): number {
  const pairs: [SpanNode, SpanNode][] = [[a, b]];
  for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
    const [left, right] = pair;
    const difference = compareKeys(contentOf(left), contentOf(right)) || left.children.length - right.children.length;
    if (difference) return difference;
    for (let i = left.children.length - 1; i >= 0; i--) pairs.push([left.children[i]!, right.children[i]!]);
  }
  return 0;
}

function contentOf(node: SpanNode): (string | number)[] {
  const span = node.span;
  if (!span) return ['', 'missing parent'];
  return [
    span.name,
    subjectOf(span),
    attemptOf(span),
    indexOf(node),
    spanLabel(span),
    span.serviceName,
    span.kind,
    statusText(span),
    span.statusMessage ?? '',
    span.links.length,
  ];
}

function compareKeys(a: (string | number)[], b: (string | number)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareValue(a[i]!, b[i]!);
    if (difference) return difference;
  }
  return a.length - b.length;
}

function compareLists(a: SpanNode[], b: SpanNode[], compare: (a: SpanNode, b: SpanNode) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compare(a[i]!, b[i]!);
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** Index within a bulk trigger. */
function indexOf({ span }: SpanNode): number {
  const index =
    span && (attributeText(span, 'hatchet.child_index') || attributeText(span, 'hatchet.child_workflow_index'));
  return Number.parseInt(index ?? '', 10) || 0;
}

const endOf = (node: SpanNode): bigint => node.span?.endTimeUnixNano ?? startOf(node);
const nameOf = (node: SpanNode): string => node.span?.name ?? '';
const idOf = (node: SpanNode): string => node.span?.spanId ?? node.missing ?? '';

function compareValue<T extends string | number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0; // by code unit: independent of the locale
}
