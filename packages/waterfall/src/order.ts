import { isQueueTime } from './engine-spans.ts';
import { attemptOf, spanLabel, statusText, subjectOf } from './label.ts';
import { attributeText } from './span.ts';
import { earliest } from './time.ts';
import { preorder, type SpanNode, type TraceTree } from './tree.ts';

/** `time`: as it happened. `canonical`: independent of ids and times, so that two equal traces make one picture. */
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

/** When a node begins; for a missing parent, when its first child does; for what still runs, when it left the queue. */
export function startOf({ span, running, children }: SpanNode): bigint {
  if (span) return span.startTimeUnixNano;
  const known = children.flatMap((child) => child.span?.startTimeUnixNano ?? []);
  return earliest(running && isQueueTime(running) ? [running.endTimeUnixNano, ...known] : known);
}

/** The SDK's clock begins spans at whole milliseconds: then the index in a bulk decides, and else which ended first. */
function byTime(a: SpanNode, b: SpanNode): number {
  return (
    compareValue(startOf(a), startOf(b)) ||
    indexOf(a) - indexOf(b) ||
    compareValue(endOf(a), endOf(b)) ||
    compareValue(nameOf(a), nameOf(b)) ||
    compareValue(idOf(a), idOf(b))
  );
}

/** Name, then what the span is about, then the rest of its line, then the subtree below, span by span. */
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

/** Which one of a bulk it is. */
function indexOf({ span }: SpanNode): number {
  const index =
    span && (attributeText(span, 'hatchet.child_index') || attributeText(span, 'hatchet.child_workflow_index'));
  return Number.parseInt(index ?? '', 10) || 0;
}

const endOf = (node: SpanNode): bigint => node.span?.endTimeUnixNano ?? startOf(node);
const nameOf = (node: SpanNode): string => node.span?.name ?? '';
const idOf = (node: SpanNode): string => node.span?.spanId ?? node.missing ?? '';

function compareValue<T extends string | number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0; // by code unit: no locale decides how a trace looks
}
