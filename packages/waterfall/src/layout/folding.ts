import type { WaterfallSpan } from '../read/span.ts';
import { findDuplicateAttempts, findEngineWork, NO_DUPLICATES, NO_WORK } from './engine-work.ts';
import {
  failingNodes,
  findAttempts,
  findQueueTimes,
  groupAlike,
  groupAttempts,
  groupMany,
  type RowEntry,
  shapesOf,
  singleEntry,
} from './sibling-groups.ts';
import { preorder, type SpanNode, type TraceTree } from './span-tree.ts';

/** Decides which nodes of a tree share a row. */
interface Folding {
  /** Rows of a node's children, or of the roots. */
  entriesOf: (siblings: readonly SpanNode[]) => RowEntry[];
  /** Row of one member of an open group. */
  entryOf: (node: SpanNode) => RowEntry;
}

/** Gives every span a row. */
export const foldNothing: Folding = createFolding((siblings) => siblings.map(singleEntry));

/**
 * Folds repeated engine work: consecutive database spans with the same name, service and status; sibling calls of one
 * engine method; sibling subtrees of engine internals with the same shape; and the engine's
 * `hatchet.engine.start_step_run` if the worker's span of that attempt is present. Never folds a span with an error, a
 * producer, a consumer or a span of the user's.
 */
export function foldInternals(tree: TraceTree): Folding {
  const nodes = preorder(tree.roots);
  const shapes = shapesOf(nodes);
  const duplicates = findDuplicateAttempts(nodes);
  return createFolding(
    (siblings) =>
      groupAlike(
        siblings.filter((node) => !duplicates.unseen.has(node)),
        shapes,
      ),
    (node) => ({ unseen: spansOf(duplicates.byWorker.get(node)) }),
  );
}

/**
 * Folds for a page, whose groups can be opened: attempts of one task share a row, spans that look alike share a row (of the
 * user's, if there are many), and queue times belong to their attempt. With `engine: 'folded'`, engine work belongs to the task that it served, or
 * else to its parent.
 */
export function foldTasks(tree: TraceTree, engine: 'folded' | 'shown'): Folding {
  const nodes = preorder(tree.roots);
  const shapes = shapesOf(nodes);
  const attempts = findAttempts(nodes);
  const queueTimes = findQueueTimes(nodes, attempts);
  const failing = failingNodes(nodes);
  const folded = engine === 'folded';
  const duplicates = folded ? findDuplicateAttempts(nodes) : NO_DUPLICATES;
  const work = folded ? findEngineWork(nodes, shapes, duplicates.unseen, queueTimes) : NO_WORK;
  return createFolding(
    (siblings) => {
      const visible = siblings.filter((node) => !duplicates.unseen.has(node) && !work.unseen.has(node));
      return groupMany(groupAttempts(groupAlike(visible, shapes), attempts), failing);
    },
    (node) => ({
      unseen: [...spansOf(duplicates.byWorker.get(node)), ...(work.byServed.get(node) ?? [])],
      waits: spansOf(queueTimes.get(node)),
    }),
  );
}

function createFolding(
  group: (siblings: readonly SpanNode[]) => RowEntry[],
  additions: (node: SpanNode) => Partial<RowEntry> = () => ({}),
): Folding {
  const entryOf = (node: SpanNode): RowEntry => ({ ...singleEntry(node), ...additions(node) });
  const entriesOf = (siblings: readonly SpanNode[]): RowEntry[] =>
    group(siblings).map((entry) => {
      if (!entry.group) return entryOf(entry.nodes[0]!);
      return { ...entry, waits: entry.nodes.flatMap((node) => additions(node).waits ?? []) };
    });
  return { entriesOf, entryOf };
}

function spansOf(nodes: readonly SpanNode[] | undefined): WaterfallSpan[] {
  return nodes?.map((node) => node.span!) ?? [];
}
