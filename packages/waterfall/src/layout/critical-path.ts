import { attemptKey, isEngineAttempt, isWaiting, isWorkerAttempt } from '../read/hatchet-spans.ts';
import type { WaterfallSpan } from '../read/span.ts';
import { sortTrees } from './sibling-order.ts';
import { buildTrees, preorder, type SpanNode } from './span-tree.ts';
import { earliest, latest } from './timeline.ts';

/** Part of the path that decided when the trace ended. */
export interface PathSegment {
  /** Span that ran in this part; undefined if nothing was recorded, as in the back-off before a retry. */
  span?: WaterfallSpan;
  kind: 'working' | 'waiting' | 'between';
  /** Nanoseconds since 1970. */
  from: bigint;
  /** Nanoseconds since 1970. */
  to: bigint;
}

/**
 * Finds the path that decided when the last trace of `spans` ended. It starts at the end and goes back, each time to the
 * step that ended last before. A child may end after its parent, as a run ends after the call that triggered it. Spans in
 * which the engine summarizes a whole run, or an attempt that the worker also reports, are not steps of the path.
 */
export function criticalPath(spans: readonly WaterfallSpan[]): PathSegment[] {
  const trees = buildTrees(spans);
  sortTrees(trees, 'time');
  const tree = trees.at(-1);
  if (!tree) return [];
  const nodes = preorder(tree.roots);
  const summaries = summariesOf(nodes);
  const ends = endsOf(nodes);
  const steps = (children: readonly SpanNode[]): Step[] =>
    children
      .flatMap((node) => (summaries.has(node) ? [] : [{ node, from: startOf(node, ends), to: ends.get(node)! }]))
      .sort((a, b) => (a.to < b.to ? 1 : a.to > b.to ? -1 : 0));

  const path: PathSegment[] = []; // latest segment first
  const roots = steps(tree.roots);
  const stack: Walk[] = [
    {
      steps: roots,
      next: 0,
      at: roots[0]?.to ?? 0n,
      from: roots.length > 0 ? earliest(roots.map(({ from }) => from)) : 0n,
    },
  ];
  for (let walk = stack.at(-1); walk; walk = stack.at(-1)) {
    const step = nextStep(walk);
    if (!step) {
      addOwn(path, walk.node, walk.from, walk.at);
      stack.pop();
      continue;
    }
    const end = earliest([step.to, walk.at]);
    const start = latest([step.from, walk.from]);
    addOwn(path, walk.node, end, walk.at);
    walk.at = start;
    stack.push({ node: step.node, steps: steps(step.node.children), next: 0, at: end, from: start });
  }
  return joinSegments(path.reverse());
}

interface Step {
  node: SpanNode;
  from: bigint;
  /** Latest end in its subtree. */
  to: bigint;
}

/** Position on the way back through the children of a node. */
interface Walk {
  node?: SpanNode;
  /** Sorted by end, latest first. */
  steps: Step[];
  next: number;
  at: bigint;
  from: bigint;
}

/**
 * Finds the latest step that had ended at the walk's position. Clocks of services differ: a step that overlaps by less
 * than half its length counts as ended.
 */
function nextStep(walk: Walk): Step | undefined {
  while (walk.next < walk.steps.length) {
    const step = walk.steps[walk.next++]!;
    if (step.from + step.to <= 2n * walk.at && step.from < walk.at && step.to > walk.from) return step;
  }
  return undefined;
}

/** Adds the time of the node itself; time after its end belongs to no span. */
function addOwn(path: PathSegment[], node: SpanNode | undefined, from: bigint, to: bigint): void {
  if (to <= from) return;
  const span = node?.span;
  const end = span?.endTimeUnixNano ?? from;
  if (end < to) path.push({ kind: 'between', from: latest([end, from]), to });
  if (span && end > from)
    path.push({ span, kind: isWaiting(span) ? 'waiting' : 'working', from, to: earliest([end, to]) });
}

function joinSegments(path: readonly PathSegment[]): PathSegment[] {
  const segments: PathSegment[] = [];
  for (const segment of path) {
    const last = segments.at(-1);
    if (last && last.span === segment.span && last.kind === segment.kind && last.to === segment.from)
      last.to = segment.to;
    else segments.push({ ...segment });
  }
  return segments;
}

/** The engine's spans of whole runs, and of attempts that a worker also reports. */
function summariesOf(nodes: readonly SpanNode[]): Set<SpanNode> {
  const reported = new Set(nodes.flatMap(({ span }) => (span && isWorkerAttempt(span) ? [attemptKey(span)] : [])));
  return new Set(
    nodes.filter(({ span, children }) => {
      if (!span || children.length > 0) return false;
      return span.name === 'hatchet.engine.workflow_run' || (isEngineAttempt(span) && reported.has(attemptKey(span)));
    }),
  );
}

/** Latest end in the subtree of each node. */
function endsOf(nodes: readonly SpanNode[]): Map<SpanNode, bigint> {
  const ends = new Map<SpanNode, bigint>();
  for (const node of nodes.toReversed()) {
    const below = node.children.map((child) => ends.get(child)!);
    const own = node.span ? [node.span.startTimeUnixNano, node.span.endTimeUnixNano] : [];
    ends.set(node, latest([...own, ...below]));
  }
  return ends;
}

function startOf(node: SpanNode, ends: ReadonlyMap<SpanNode, bigint>): bigint {
  const starts = (node.span ? [node] : node.children).map((each) => each.span!.startTimeUnixNano);
  return earliest([ends.get(node)!, ...starts]);
}
