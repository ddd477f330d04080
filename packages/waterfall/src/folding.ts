import { attemptGroups, attemptKey, attemptsOf, waitsOf } from './attempts.ts';
import { isDatabase, isEngineAttempt, isEngineCall, isEngineInternal, isWorkerAttempt } from './engine-spans.ts';
import { type EngineWork, engineWork } from './engine-work.ts';
import type { FoldedSiblings } from './folded-siblings.ts';
import { statusText } from './label.ts';
import type { WaterfallSpan } from './span.ts';
import { preorder, type SpanNode, type TraceTree } from './tree.ts';

/** Says how siblings are shown, and a member of a group that is opened. */
export interface Folding {
  among: (siblings: readonly SpanNode[]) => FoldedSiblings[];
  alone: (node: SpanNode) => FoldedSiblings;
}

/** Every span on a line of its own. */
export const foldNothing: Folding = folding((siblings) => siblings.map(single));

/**
 * Folds what an engine does many times in the same way: consecutive database spans with the same name, service and
 * status; sibling calls of one engine method, and sibling subtrees of engine internals with the same shape; and the
 * engine's own `hatchet.engine.start_step_run` where the worker's span of that attempt is there. A span with an error, a
 * producer, a consumer or anything of the user's is never folded.
 */
export function foldInternals(tree: TraceTree): Folding {
  const nodes = preorder(tree.roots);
  const shapes = shapesOf(nodes);
  const twins = engineTwins(nodes);
  return folding(
    (siblings) =>
      groupAlike(
        siblings.filter((node) => !twins.unseen.has(node)),
        shapes,
      ),
    (node) => ({ unseen: spansOf(twins.shown.get(node)) }),
  );
}

/**
 * For people who can open what is closed: attempts of one task are one entry, what looks the same is one, and the time
 * in the queue belongs to its attempt. With `engine: 'folded'`, the engine's work is unseen in the task that it served, or
 * else in what called for it.
 */
export function foldTasks(tree: TraceTree, engine: 'folded' | 'shown'): Folding {
  const nodes = preorder(tree.roots);
  const shapes = shapesOf(nodes);
  const attempts = attemptsOf(nodes);
  const waits = waitsOf(nodes, attempts);
  const twins = engine === 'folded' ? engineTwins(nodes) : NO_TWINS;
  const work = engine === 'folded' ? engineWork(nodes, shapes, twins.unseen, waits) : NO_WORK;
  return folding(
    (siblings) =>
      attemptGroups(
        groupAlike(
          siblings.filter((node) => !twins.unseen.has(node) && !work.unseen.has(node)),
          shapes,
        ),
        attempts,
      ),
    (node) => ({
      unseen: [...spansOf(twins.shown.get(node)), ...(work.servedBy.get(node) ?? [])],
      waits: spansOf(waits.get(node)),
    }),
  );
}

const NO_WORK: EngineWork = { unseen: new Set(), servedBy: new Map() };

function folding(
  group: (siblings: readonly SpanNode[]) => FoldedSiblings[],
  told: (node: SpanNode) => Partial<FoldedSiblings> = () => ({}),
): Folding {
  const alone = (node: SpanNode): FoldedSiblings => ({ ...single(node), ...told(node) });
  const among = (siblings: readonly SpanNode[]): FoldedSiblings[] =>
    group(siblings).map((entry) => {
      if (!entry.group) return alone(entry.nodes[0]!);
      return { ...entry, waits: entry.nodes.flatMap((node) => told(node).waits ?? []) };
    });
  return { among, alone };
}

const single = (node: SpanNode): FoldedSiblings => ({ nodes: [node], unseen: [], waits: [] });

function groupAlike(children: readonly SpanNode[], shapes: Map<SpanNode, number>): FoldedSiblings[] {
  const folded: FoldedSiblings[] = [];
  const bySubtree = new Map<number, FoldedSiblings>();
  for (const node of children) {
    const shape = shapes.get(node);
    const previous = folded.at(-1);
    const same =
      shape === undefined
        ? undefined
        : isDatabaseLeaf(node)
          ? previous && shapes.get(previous.nodes[0]!) === shape
            ? previous
            : undefined
          : bySubtree.get(shape);
    if (same) {
      same.nodes.push(node);
      same.group = 'same';
      continue;
    }
    const entry = single(node);
    folded.push(entry);
    if (shape !== undefined && !isDatabaseLeaf(node)) bySubtree.set(shape, entry);
  }
  return folded;
}

/**
 * A number per foldable node, the same for subtrees that look the same; none where something in it must be seen.
 * How often a child repeats is not part of the shape: five statements or six, it is the same work. A call looks like
 * every other call of its method: what a worker reports is told by its own spans.
 */
function shapesOf(nodes: SpanNode[]): Map<SpanNode, number> {
  const shapes = new Map<SpanNode, number>();
  const numbers = new Map<string, number>();
  for (const node of nodes.toReversed()) {
    if (!node.span || node.note || !isEngineInternal(node.span) || node.span.status === 'ERROR') continue;
    const below = node.children.map((child) => shapes.get(child));
    if (below.includes(undefined)) continue;
    const { name, kind, serviceName } = node.span;
    const inside = isEngineCall(node.span) ? [] : [...new Set(below)].toSorted();
    const key = JSON.stringify([name, kind, serviceName, statusText(node.span), ...inside]);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    shapes.set(node, numbers.get(key)!);
  }
  return shapes;
}

const NO_TWINS: Twins = { unseen: new Set(), shown: new Map() };

interface Twins {
  /** The engine's spans that need no line. */
  unseen: Set<SpanNode>;
  /** They, by the worker's span that says the same. */
  shown: Map<SpanNode, SpanNode[]>;
}

function engineTwins(nodes: SpanNode[]): Twins {
  const workers = new Map<string, SpanNode>();
  for (const node of nodes) if (node.span && isWorkerAttempt(node.span)) workers.set(attemptKey(node.span), node);
  const twins: Twins = { unseen: new Set(), shown: new Map() };
  for (const node of nodes) {
    if (!node.span || !isEngineAttempt(node.span) || node.children.length > 0 || node.note) continue;
    const worker = workers.get(attemptKey(node.span));
    // an error that only the engine knows of (a timeout, a lost worker) stays in sight
    if (!worker || (node.span.status === 'ERROR' && worker.span!.status !== 'ERROR')) continue;
    twins.unseen.add(node);
    twins.shown.set(worker, [...(twins.shown.get(worker) ?? []), node]);
  }
  return twins;
}

function isDatabaseLeaf(node: SpanNode): boolean {
  return node.children.length === 0 && isDatabase(node.span!);
}

function spansOf(nodes: readonly SpanNode[] | undefined): WaterfallSpan[] {
  return nodes?.map((node) => node.span!) ?? [];
}
