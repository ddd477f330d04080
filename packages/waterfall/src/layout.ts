import { type FoldedSiblings, foldInternals, foldNothing } from './folding.ts';
import { type SiblingOrder, sortTrees } from './order.ts';
import type { WaterfallSpan } from './span.ts';
import { earliest, latest } from './time.ts';
import { buildTrees, preorder, type SpanNode, type TraceTree } from './tree.ts';

/** A waterfall as data: what a terminal or a page draws. */
export interface TraceLayout {
  traceId: string;
  /** Earliest start of the trace's spans, nanoseconds since 1970. */
  startTimeUnixNano: bigint;
  /** Latest end of the trace's spans, nanoseconds since 1970. */
  endTimeUnixNano: bigint;
  spanCount: number;
  /** Service names, sorted. */
  services: string[];
  /** Top to bottom, parents before children. Every span of the trace is in exactly one row. */
  rows: WaterfallRow[];
}

export interface WaterfallRow {
  /** 0 for a root. */
  depth: number;
  /** No sibling follows. */
  last: boolean;
  /** What the row shows: one span, several that look the same, or none where a parent is missing. */
  spans: WaterfallSpan[];
  /** What it folds away. */
  unseen: WaterfallSpan[];
  /** Id of a parent that spans name and that is not in the trace. */
  missing?: string;
  /** What is wrong with the span's place. */
  note?: 'parent cycle' | 'duplicate id';
  /** One per shown span, as fractions of the trace's time. */
  bars: { from: number; to: number }[];
}

export interface LayoutOptions {
  /** @default 'time' */
  order?: SiblingOrder;
  /** A row for every span; otherwise the engine's repeated internals are folded. @default false */
  full?: boolean;
}

/** Spans in, rows out: one layout per trace that the spans belong to. */
export function layoutWaterfall(spans: readonly WaterfallSpan[], options: LayoutOptions = {}): TraceLayout[] {
  const trees = buildTrees(spans);
  sortTrees(trees, options.order ?? 'time');
  return trees.map((tree) => layoutTrace(tree, options.full ?? false));
}

function layoutTrace(tree: TraceTree, full: boolean): TraceLayout {
  const spans = spansBelow(tree.roots);
  const startTimeUnixNano = earliest(spans.map((span) => span.startTimeUnixNano));
  const endTimeUnixNano = latest(spans.flatMap((span) => [span.startTimeUnixNano, span.endTimeUnixNano]));
  const duration = Number(endTimeUnixNano - startTimeUnixNano);
  const fraction = (time: bigint): number => (duration === 0 ? 0 : Number(time - startTimeUnixNano) / duration);
  const bar = (span: WaterfallSpan): WaterfallRow['bars'][number] => {
    const from = fraction(span.startTimeUnixNano);
    return { from, to: Math.max(from, fraction(span.endTimeUnixNano)) }; // a clock that was set back makes no negative bar
  };
  const fold = full ? foldNothing : foldInternals(tree);

  const rows: WaterfallRow[] = [];
  const stack: { siblings: FoldedSiblings; depth: number; last: boolean }[] = [];
  const push = (children: readonly SpanNode[], depth: number): void => {
    const siblings = fold(children);
    for (let i = siblings.length - 1; i >= 0; i--) {
      stack.push({ siblings: siblings[i]!, depth, last: i === siblings.length - 1 });
    }
  };
  push(tree.roots, 0);
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { nodes, unseen } = entry.siblings;
    const shown = nodes.flatMap((node) => node.span ?? []);
    const grouped = nodes.length > 1;
    rows.push({
      depth: entry.depth,
      last: entry.last,
      spans: shown,
      unseen: grouped ? [...unseen, ...spansBelow(nodes.flatMap((node) => node.children))] : unseen,
      missing: nodes[0]!.missing,
      note: nodes[0]!.note,
      bars: shown.map(bar),
    });
    if (!grouped) push(nodes[0]!.children, entry.depth + 1);
  }
  return {
    traceId: tree.traceId,
    startTimeUnixNano,
    endTimeUnixNano,
    spanCount: spans.length,
    services: [...new Set(spans.map((span) => span.serviceName))].sort(),
    rows,
  };
}

function spansBelow(nodes: readonly SpanNode[]): WaterfallSpan[] {
  return preorder(nodes).flatMap((node) => node.span ?? []);
}
