import type { WaterfallSpan } from '../read/span.ts';

/** Node of a trace's tree: a span, or the place of a parent that spans name but that is missing. */
export interface SpanNode {
  span?: WaterfallSpan;
  /** Id of the missing parent. */
  missing?: string;
  note?: 'parent cycle' | 'duplicate id';
  /** Set if the node has not ended: another span that describes it (its queue time, or a span below it). */
  running?: WaterfallSpan;
  parent?: SpanNode;
  children: SpanNode[];
}

export interface TraceTree {
  traceId: string;
  roots: SpanNode[];
}

/**
 * Builds one tree per trace from any set of spans. A span that was delivered twice counts once; two different spans with
 * the same id both stay; a cycle of parents is cut at its earliest span. Not recursive, as the input decides the depth.
 */
export function buildTrees(spans: readonly WaterfallSpan[]): TraceTree[] {
  const traces = new Map<string, WaterfallSpan[]>();
  for (const span of withoutRedeliveries(spans)) {
    const trace = traces.get(span.traceId);
    if (trace) trace.push(span);
    else traces.set(span.traceId, [span]);
  }
  return [...traces].map(([traceId, members]) => ({ traceId, roots: rootsOf(members) }));
}

/** Parent that spans name, but that is not among them. */
export interface MissingParent {
  traceId: string;
  /** Id of the missing span. */
  spanId: string;
  children: WaterfallSpan[];
}

/** Finds parents that are named but absent; empty if every trace is complete. */
export function missingParents(spans: readonly WaterfallSpan[]): MissingParent[] {
  return buildTrees(spans).flatMap(({ traceId, roots }) =>
    roots
      .filter((root) => root.missing !== undefined)
      .map((root) => ({ traceId, spanId: root.missing!, children: root.children.map((child) => child.span!) })),
  );
}

/** Lists the given nodes and all their descendants, parents before children. */
export function preorder(nodes: readonly SpanNode[]): SpanNode[] {
  const order: SpanNode[] = [];
  const stack = nodes.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    order.push(node);
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!);
  }
  return order;
}

function rootsOf(spans: WaterfallSpan[]): SpanNode[] {
  const nodes = spans.map((span): SpanNode => ({ span, children: [] }));
  const byId = new Map<string, SpanNode>();
  for (const node of nodes) {
    if (byId.has(node.span!.spanId)) node.note = 'duplicate id';
    else byId.set(node.span!.spanId, node);
  }
  const roots: SpanNode[] = [];
  const missing = new Map<string, SpanNode>();
  for (const node of nodes) {
    const parentId = node.span!.parentSpanId;
    if (!parentId) {
      roots.push(node);
      continue;
    }
    let parent = byId.get(parentId) ?? missing.get(parentId);
    if (!parent) {
      parent = { missing: parentId, children: [] };
      missing.set(parentId, parent);
      roots.push(parent);
    }
    node.parent = parent;
    parent.children.push(node);
  }
  return [...roots, ...cutCycles(nodes, roots)];
}

/** Cuts cycles, which are not reachable from any root. Each becomes one more root. */
function cutCycles(nodes: SpanNode[], roots: SpanNode[]): SpanNode[] {
  const reached = new Set(preorder(roots));
  const cut: SpanNode[] = [];
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const root = earliestNode(cycleAbove(node));
    root.parent!.children = root.parent!.children.filter((child) => child !== root);
    root.parent = undefined;
    root.note ??= 'parent cycle';
    cut.push(root);
    for (const below of preorder([root])) reached.add(below);
  }
  return cut;
}

function cycleAbove(start: SpanNode): SpanNode[] {
  const path = new Set<SpanNode>();
  let node = start;
  while (!path.has(node)) {
    path.add(node);
    node = node.parent!;
  }
  const walked = [...path];
  return walked.slice(walked.indexOf(node));
}

function earliestNode(nodes: SpanNode[]): SpanNode {
  return nodes.reduce((a, b) => (b.span!.startTimeUnixNano < a.span!.startTimeUnixNano ? b : a));
}

function withoutRedeliveries(spans: readonly WaterfallSpan[]): WaterfallSpan[] {
  const seen = new Map<string, WaterfallSpan>();
  for (const span of spans) {
    const { traceId, spanId, parentSpanId, name, serviceName, startTimeUnixNano, endTimeUnixNano, status } = span;
    const identity = [traceId, spanId, parentSpanId, name, serviceName, startTimeUnixNano, endTimeUnixNano, status];
    const key = identity.map(String).join('\u0000');
    if (!seen.has(key)) seen.set(key, span);
  }
  return [...seen.values()];
}
