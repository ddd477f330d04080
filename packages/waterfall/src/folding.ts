import { attemptOf, statusText } from './label.ts';
import { attributeText, type WaterfallSpan } from './span.ts';
import { preorder, type SpanNode, type TraceTree } from './tree.ts';

/** What stands at one place among siblings: a node, or several that look the same. */
export interface FoldedSiblings {
  /** More than one: shown as one line with a count, their subtrees unseen. */
  nodes: SpanNode[];
  /** Spans that say the same as the one that is shown (the engine's view of an attempt). */
  unseen: WaterfallSpan[];
}

/** Says how the children of any node are shown. */
export type Folding = (children: readonly SpanNode[]) => FoldedSiblings[];

/** Every span on a line of its own. */
export const foldNothing: Folding = (children) => children.map((node) => ({ nodes: [node], unseen: [] }));

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
  const unseenOf = (node: SpanNode): WaterfallSpan[] => (twins.shown.get(node) ?? []).map((twin) => twin.span!);

  return (children) => {
    const folded: FoldedSiblings[] = [];
    const bySubtree = new Map<number, FoldedSiblings>();
    for (const node of children) {
      if (twins.unseen.has(node)) continue;
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
        continue;
      }
      const entry = { nodes: [node], unseen: unseenOf(node) };
      folded.push(entry);
      if (shape !== undefined && !isDatabaseLeaf(node)) bySubtree.set(shape, entry);
    }
    return folded;
  };
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

interface Twins {
  /** The engine's spans that need no line. */
  unseen: Set<SpanNode>;
  /** They, by the worker's span that says the same. */
  shown: Map<SpanNode, SpanNode[]>;
}

function engineTwins(nodes: SpanNode[]): Twins {
  const workers = new Map<string, SpanNode>();
  for (const node of nodes) if (isWorkerAttempt(node.span)) workers.set(attemptKey(node.span), node);
  const twins: Twins = { unseen: new Set(), shown: new Map() };
  for (const node of nodes) {
    if (node.span?.name !== 'hatchet.engine.start_step_run' || node.children.length > 0 || node.note) continue;
    const worker = workers.get(attemptKey(node.span));
    // an error that only the engine knows of (a timeout, a lost worker) stays in sight
    if (!worker || (node.span.status === 'ERROR' && worker.span!.status !== 'ERROR')) continue;
    twins.unseen.add(node);
    twins.shown.set(worker, [...(twins.shown.get(worker) ?? []), node]);
  }
  return twins;
}

function attemptKey(span: WaterfallSpan): string {
  return `${attributeText(span, 'hatchet.step_run_id')}#${attemptOf(span)}`;
}

function isWorkerAttempt(span: WaterfallSpan | undefined): span is WaterfallSpan {
  return (
    span !== undefined &&
    /^hatchet\.start_step_run(\.|$)/.test(span.name) &&
    attributeText(span, 'hatchet.step_run_id') !== ''
  );
}

function isEngineInternal(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.run/') || isEngineCall(span) || isDatabase(span);
}

const ENGINE_CALL = /^\/?(Dispatcher|WorkflowService|EventsService|v1\.AdminService|v1\.V1Dispatcher)\//;

function isEngineCall(span: WaterfallSpan): boolean {
  return span.kind === 'SERVER' && ENGINE_CALL.test(span.name);
}

function isDatabase(span: WaterfallSpan): boolean {
  const system = attributeText(span, 'db.system.name') || attributeText(span, 'db.system');
  return system !== '' && (span.kind === 'CLIENT' || span.kind === 'INTERNAL');
}

function isDatabaseLeaf(node: SpanNode): boolean {
  return node.children.length === 0 && isDatabase(node.span!);
}
