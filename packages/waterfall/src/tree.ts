import type { WaterfallSpan } from './span.ts';

/** A span in its place, or (`missing`) the place of a parent that is named but not there. */
export interface SpanNode {
  span?: WaterfallSpan;
  /** Id of the parent that is missing. */
  missing?: string;
  note?: 'parent cycle' | 'duplicate id';
  /** It has not ended: a span that tells what it is about (its time in the queue, or a span below it). */
  running?: WaterfallSpan;
  parent?: SpanNode;
  children: SpanNode[];
}

export interface TraceTree {
  traceId: string;
  roots: SpanNode[];
}

/**
 * Puts any set of spans into trees, one per trace. A span that was delivered twice counts once; two different spans
 * with one id both stay; a cycle of parents is cut at its earliest span. Never recursive: depth is the input's choice.
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

/** A parent that spans name and that is not among them. */
export interface MissingParent {
  traceId: string;
  /** The id that is missing. */
  spanId: string;
  children: WaterfallSpan[];
}

/** The parents that are named but absent; empty when every trace is whole. */
export function missingParents(spans: readonly WaterfallSpan[]): MissingParent[] {
  return buildTrees(spans).flatMap(({ traceId, roots }) =>
    roots
      .filter((root) => root.missing !== undefined)
      .map((root) => ({ traceId, spanId: root.missing!, children: root.children.map((child) => child.span!) })),
  );
}

/** Every node below and including the given ones, parents before children. */
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

/** Whatever no root reaches hangs on a cycle: each is cut once and gives one more root. */
function cutCycles(nodes: SpanNode[], roots: SpanNode[]): SpanNode[] {
  const reached = new Set(preorder(roots));
  const cut: SpanNode[] = [];
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const root = earliest(cycleAbove(node));
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

function earliest(nodes: SpanNode[]): SpanNode {
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
