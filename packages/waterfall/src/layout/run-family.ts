import { runOf } from '../read/hatchet-spans.ts';
import { attributeText, type WaterfallSpan } from '../read/span.ts';
import { buildTrees, preorder, type SpanNode } from './span-tree.ts';

/**
 * Leaves out the spans of other runs. Keeps those of the run and its descendants, all that is below them, such as a run
 * that an event of theirs has started, and spans that belong to no run, such as the request that started several runs.
 * Returns the same array if all are kept.
 */
export function spansOfRun(spans: readonly WaterfallSpan[], runId: string): readonly WaterfallSpan[] {
  const family = familyOf(spans, runId);
  const isNamed = ({ span }: SpanNode): boolean => span !== undefined && runOf(span) !== '';
  const isFamily = ({ span }: SpanNode): boolean => span !== undefined && family.has(runOf(span));
  const own = new Set<SpanNode>();
  const other = new Set<SpanNode>();
  const kept = new Set<WaterfallSpan>();
  for (const { roots } of buildTrees(spans)) {
    for (const node of preorder(roots)) {
      const { span, parent } = node;
      if (isFamily(node) || (parent && own.has(parent))) own.add(node);
      else if (isNamed(node) || (parent && other.has(parent))) other.add(node);
      if (span && !other.has(node)) kept.add(span);
    }
  }
  return other.size === 0 ? spans : spans.filter((span) => kept.has(span));
}

function familyOf(spans: readonly WaterfallSpan[], runId: string): Set<string> {
  const children = new Map<string, Set<string>>();
  for (const span of spans) {
    const parent = attributeText(span, 'hatchet.parent_workflow_run_id');
    if (!parent || !runOf(span)) continue;
    const known = children.get(parent);
    if (known) known.add(runOf(span));
    else children.set(parent, new Set([runOf(span)]));
  }
  const family = new Set([runId]);
  for (const run of family) for (const child of children.get(run) ?? []) family.add(child);
  return family;
}
