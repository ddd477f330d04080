import { attemptKey } from './attempts.ts';
import { isEngineAttempt, isWaiting, isWorkerAttempt } from './engine-spans.ts';
import { sortTrees } from './order.ts';
import type { WaterfallSpan } from './span.ts';
import { earliest, latest } from './time.ts';
import { buildTrees, preorder, type SpanNode } from './tree.ts';

/** A stretch of the path that decided when the trace ended. */
export interface PathSegment {
  /** Whose stretch it is; none where nothing was recorded, as in a pause before a retry. */
  span?: WaterfallSpan;
  kind: 'working' | 'waiting' | 'between';
  /** Nanoseconds since 1970. */
  from: bigint;
  /** Nanoseconds since 1970. */
  to: bigint;
}

/**
 * The path that decided when the last trace of `spans` ended: from its end back, always to what ended last before. What is below
 * a span may go on after it, as a run does after the call that began it. The engine's accounts of a whole run, and of an
 * attempt that the worker tells of, are no step of it.
 */
export function criticalPath(spans: readonly WaterfallSpan[]): PathSegment[] {
  const trees = buildTrees(spans);
  sortTrees(trees, 'time');
  const tree = trees.at(-1);
  if (!tree) return [];
  const nodes = preorder(tree.roots);
  const accounts = accountsOf(nodes);
  const ends = endsOf(nodes);
  const steps = (children: readonly SpanNode[]): Step[] =>
    children
      .flatMap((node) => (accounts.has(node) ? [] : [{ node, from: startOf(node, ends), to: ends.get(node)! }]))
      .sort((a, b) => (a.to < b.to ? 1 : a.to > b.to ? -1 : 0));

  const path: PathSegment[] = []; // from the end back
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
    const step = before(walk);
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
  return joined(path.reverse());
}

interface Step {
  node: SpanNode;
  from: bigint;
  /** When the last thing below it ended. */
  to: bigint;
}

interface Walk {
  node?: SpanNode;
  /** Latest end first. */
  steps: Step[];
  next: number;
  at: bigint;
  from: bigint;
}

/**
 * The latest step that was over by then. Clocks of services differ: one that reaches beyond by less than half of its
 * length was over, too.
 */
function before(walk: Walk): Step | undefined {
  while (walk.next < walk.steps.length) {
    const step = walk.steps[walk.next++]!;
    if (step.from + step.to <= 2n * walk.at && step.from < walk.at && step.to > walk.from) return step;
  }
  return undefined;
}

/** A node's own part: up to its end its own, and after it nobody's. */
function addOwn(path: PathSegment[], node: SpanNode | undefined, from: bigint, to: bigint): void {
  if (to <= from) return;
  const span = node?.span;
  const end = span?.endTimeUnixNano ?? from;
  if (end < to) path.push({ kind: 'between', from: latest([end, from]), to });
  if (span && end > from)
    path.push({ span, kind: isWaiting(span) ? 'waiting' : 'working', from, to: earliest([end, to]) });
}

function joined(path: readonly PathSegment[]): PathSegment[] {
  const segments: PathSegment[] = [];
  for (const segment of path) {
    const last = segments.at(-1);
    if (last && last.span === segment.span && last.kind === segment.kind && last.to === segment.from)
      last.to = segment.to;
    else segments.push({ ...segment });
  }
  return segments;
}

function accountsOf(nodes: readonly SpanNode[]): Set<SpanNode> {
  const told = new Set(nodes.flatMap(({ span }) => (span && isWorkerAttempt(span) ? [attemptKey(span)] : [])));
  return new Set(
    nodes.filter(({ span, children }) => {
      if (!span || children.length > 0) return false;
      return span.name === 'hatchet.engine.workflow_run' || (isEngineAttempt(span) && told.has(attemptKey(span)));
    }),
  );
}

/** When the last thing at or below each node ended. */
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
