import { attemptKey, taskOf } from '../read/hatchet-spans.ts';
import type { WaterfallSpan } from '../read/span.ts';
import { foldInternals, foldNothing, foldTasks } from './folding.ts';
import { markRunning } from './running-spans.ts';
import { queueTimes, type RowEntry, type RowGroup } from './sibling-groups.ts';
import { type SiblingOrder, sortTrees, startOf } from './sibling-order.ts';
import { buildTrees, preorder, type SpanNode, type TraceTree } from './span-tree.ts';
import { type Bar, type TimeScale, timeScale } from './timeline.ts';

/** Waterfall of one trace as data, for a terminal or a page to draw. */
export interface TraceLayout {
  traceId: string;
  /** Earliest start of the trace's spans, nanoseconds since 1970. */
  startTimeUnixNano: bigint;
  /** Latest end of the trace's spans, or `nowUnixNano` while the trace grows; nanoseconds since 1970. */
  endTimeUnixNano: bigint;
  spanCount: number;
  /** Service names, sorted. */
  services: string[];
  /**
   * Top to bottom, parents before children. Every span of the trace is in exactly one row; a `nested` group repeats the
   * spans of its members.
   */
  rows: WaterfallRow[];
}

export interface WaterfallRow {
  /** Identity of the row; stable while the trace grows. */
  key: string;
  /** 0 for a root. */
  depth: number;
  /** True for the last sibling. */
  last: boolean;
  /** Index of the parent's row; -1 for a root. */
  parent: number;
  /** Number of descendant rows; they follow this row. */
  below: number;
  /** Reason for showing several spans: they look the same, or they are attempts of one task. */
  group?: RowGroup;
  /** Shown spans: one, several of a group, or none for a parent that is missing or still runs. */
  spans: WaterfallSpan[];
  /** Spans that are folded into this row. */
  unseen: WaterfallSpan[];
  /** Id of a parent that spans name, but that is not in the trace. */
  missing?: string;
  /** Set if the row, or the last member of its group, has not ended: another span that describes it. */
  running?: WaterfallSpan;
  /** Defect in the span's parent or id. */
  note?: 'parent cycle' | 'duplicate id';
  /** One bar per shown span, as fractions of the trace's time; then one bar up to the present if the row still runs. */
  bars: Bar[];
  /** Queue times before the bars; only in a `nested` layout. */
  waits: Bar[];
}

export interface LayoutOptions {
  /** @default 'time' */
  order?: SiblingOrder;
  /** Gives every span a row; otherwise repeated engine internals are folded. @default false */
  full?: boolean;
  /**
   * Layout for a page, instead of `full`: group members are rows below their group, attempts of a task are a group, queue
   * times are drawn before their attempt, and engine spans are `folded` into the task that they serve, or `shown`.
   */
  nested?: 'folded' | 'shown';
  /** Current time if the trace still grows, nanoseconds since 1970. Missing parents then count as running. */
  nowUnixNano?: bigint;
}

/** Lays out spans as rows: one layout per trace. */
export function layoutWaterfall(spans: readonly WaterfallSpan[], options: LayoutOptions = {}): TraceLayout[] {
  const trees = buildTrees(spans);
  if (options.nowUnixNano !== undefined) for (const tree of trees) markRunning(tree);
  sortTrees(trees, options.order ?? 'time');
  return trees.map((tree) => layoutTrace(tree, options));
}

function layoutTrace(tree: TraceTree, { full = false, nested, nowUnixNano }: LayoutOptions): TraceLayout {
  const spans = spansBelow(tree.roots);
  const scale = timeScale(spans, nowUnixNano);
  const folding = nested ? foldTasks(tree, nested) : full ? foldNothing : foldInternals(tree);
  const keys = new RowKeys();
  const rows: WaterfallRow[] = [];
  const stack: { entry: RowEntry; depth: number; last: boolean; parent: number }[] = [];
  const push = (entries: RowEntry[], depth: number, parent: number): void => {
    for (let i = entries.length - 1; i >= 0; i--) {
      stack.push({ entry: entries[i]!, depth, last: i === entries.length - 1, parent });
    }
  };
  push(folding.entriesOf(tree.roots), 0, -1);
  for (let place = stack.pop(); place; place = stack.pop()) {
    const { entry, depth, last, parent } = place;
    const { nodes, group } = entry;
    const index = rows.length;
    const inside = group && !nested ? spansBelow(nodes.flatMap((node) => node.children)) : [];
    rows.push({
      key: keys.keyOf(entry),
      depth,
      last,
      parent,
      below: 0,
      group,
      ...rowContent(entry, scale),
      unseen: [...entry.unseen, ...inside],
      waits: nested ? queueTimes(entry).map(scale.bar) : [],
    });
    if (!group) push(folding.entriesOf(nodes[0]!.children), depth + 1, index);
    else if (nested) push(nodes.map(folding.entryOf), depth + 1, index);
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

function rowContent({ nodes, group }: RowEntry, scale: TimeScale) {
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

/** Makes row keys that stay the same while the trace grows: from the span, the task, or the attempt that still runs. */
class RowKeys {
  readonly #used = new Map<string, number>();

  keyOf(entry: RowEntry): string {
    const key = plainKey(entry);
    const times = (this.#used.get(key) ?? 0) + 1;
    this.#used.set(key, times);
    return times === 1 ? key : `${key}~${times}`; // two spans can share an id
  }
}

function plainKey({ nodes, group }: RowEntry): string {
  const { span, missing, running } = nodes[0]!;
  const id = span?.spanId ?? missing ?? `running-${attemptKey(running!)}`;
  if (!group) return id;
  return group === 'attempts' ? `task-${taskOf((span ?? running)!)}` : `${id}-and-more`;
}
