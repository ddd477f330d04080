import type { FoldedSiblings, RowGroup } from './folded-siblings.ts';
import { foldInternals, foldNothing, foldTasks } from './folding.ts';
import { type SiblingOrder, sortTrees, startOf } from './order.ts';
import { waitsBefore } from './queue-time.ts';
import { rowKeys } from './row-key.ts';
import { markRunning } from './running.ts';
import type { WaterfallSpan } from './span.ts';
import { type Bar, type TimeScale, timeScale } from './time-scale.ts';
import { buildTrees, preorder, type SpanNode, type TraceTree } from './tree.ts';

/** A waterfall as data: what a terminal or a page draws. */
export interface TraceLayout {
  traceId: string;
  /** Earliest start of the trace's spans, nanoseconds since 1970. */
  startTimeUnixNano: bigint;
  /** Latest end of the trace's spans, or the present of one that grows; nanoseconds since 1970. */
  endTimeUnixNano: bigint;
  spanCount: number;
  /** Service names, sorted. */
  services: string[];
  /**
   * Top to bottom, parents before children. Every span of the trace is in exactly one row; a `nested` group shows the
   * spans of its members once more.
   */
  rows: WaterfallRow[];
}

export interface WaterfallRow {
  /** Stays the same when the trace grows. */
  key: string;
  /** 0 for a root. */
  depth: number;
  /** No sibling follows. */
  last: boolean;
  /** Index of the row that it hangs on; -1 for a root. */
  parent: number;
  /** How many rows are below it: they follow it. */
  below: number;
  /** Why it shows several spans: they look the same, or they are attempts of one task. */
  group?: RowGroup;
  /** What the row shows: one span, several that belong together, or none where a parent is missing or still runs. */
  spans: WaterfallSpan[];
  /** What it folds away. */
  unseen: WaterfallSpan[];
  /** Id of a parent that spans name and that is not in the trace. */
  missing?: string;
  /** It, or the last of a group, has not ended: a span that tells what it is about. */
  running?: WaterfallSpan;
  /** What is wrong with the span's place. */
  note?: 'parent cycle' | 'duplicate id';
  /** One per shown span, as fractions of the trace's time; then one, up to the present, for what still runs. */
  bars: Bar[];
  /** Time in the queue before the bars; only in a `nested` layout. */
  waits: Bar[];
}

export interface LayoutOptions {
  /** @default 'time' */
  order?: SiblingOrder;
  /** A row for every span; otherwise the engine's repeated internals are folded. @default false */
  full?: boolean;
  /**
   * For a page, instead of `full`: the members of a group are below it, attempts of a task are a group, the time in the
   * queue is before its attempt, and the engine's spans are `folded` into the task that they serve, or `shown`.
   */
  nested?: 'folded' | 'shown';
  /** The present of a trace that still grows, nanoseconds since 1970. What is missing is then what still runs. */
  nowUnixNano?: bigint;
}

/** Spans in, rows out: one layout per trace that the spans belong to. */
export function layoutWaterfall(spans: readonly WaterfallSpan[], options: LayoutOptions = {}): TraceLayout[] {
  const trees = buildTrees(spans);
  if (options.nowUnixNano !== undefined) for (const tree of trees) markRunning(tree);
  sortTrees(trees, options.order ?? 'time');
  return trees.map((tree) => layoutTrace(tree, options));
}

function layoutTrace(tree: TraceTree, { full = false, nested, nowUnixNano }: LayoutOptions): TraceLayout {
  const spans = spansBelow(tree.roots);
  const scale = timeScale(spans, nowUnixNano);
  const fold = nested ? foldTasks(tree, nested) : full ? foldNothing : foldInternals(tree);
  const keyOf = rowKeys();
  const rows: WaterfallRow[] = [];
  const stack: { entry: FoldedSiblings; depth: number; last: boolean; parent: number }[] = [];
  const push = (entries: FoldedSiblings[], depth: number, parent: number): void => {
    for (let i = entries.length - 1; i >= 0; i--) {
      stack.push({ entry: entries[i]!, depth, last: i === entries.length - 1, parent });
    }
  };
  push(fold.among(tree.roots), 0, -1);
  for (let place = stack.pop(); place; place = stack.pop()) {
    const { entry, depth, last, parent } = place;
    const { nodes, group } = entry;
    const index = rows.length;
    const inside = group && !nested ? spansBelow(nodes.flatMap((node) => node.children)) : [];
    rows.push({
      key: keyOf(entry),
      depth,
      last,
      parent,
      below: 0,
      group,
      ...content(entry, scale),
      unseen: [...entry.unseen, ...inside],
      waits: nested ? waitsBefore(entry).map(scale.bar) : [],
    });
    if (!group) push(fold.among(nodes[0]!.children), depth + 1, index);
    else if (nested) push(nodes.flatMap(fold.alone), depth + 1, index);
  }
  for (const { parent, below } of rows.toReversed()) if (parent >= 0) rows[parent]!.below += below + 1;
  return {
    traceId: tree.traceId,
    startTimeUnixNano: scale.start,
    endTimeUnixNano: scale.end,
    spanCount: spans.length,
    services: [...new Set(spans.map((span) => span.serviceName))].sort(),
    rows,
  };
}

function content({ nodes, group }: FoldedSiblings, scale: TimeScale) {
  const { missing, note } = nodes[0]!;
  const spans = nodes.flatMap((node) => node.span ?? []);
  const open = nodes.filter((node) => node.running);
  const untilNow = (node: SpanNode): Bar => scale.bar({ startTimeUnixNano: startOf(node), endTimeUnixNano: scale.end });
  return {
    spans,
    missing: group ? undefined : missing,
    note,
    running: open[0]?.running,
    bars: [...spans.map(scale.bar), ...open.map(untilNow)],
  };
}

function spansBelow(nodes: readonly SpanNode[]): WaterfallSpan[] {
  return preorder(nodes).flatMap((node) => node.span ?? []);
}
