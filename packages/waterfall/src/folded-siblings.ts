import type { WaterfallSpan } from './span.ts';
import type { SpanNode } from './tree.ts';

/** What stands at one place among siblings: a node, or several that belong together. */
export interface FoldedSiblings {
  /** More than one: shown as one line, their subtrees unseen or (`nested`) below it. */
  nodes: SpanNode[];
  /** Spans that say the same as the one that is shown, or that worked for it out of sight. */
  unseen: WaterfallSpan[];
  /** Why several nodes are one line: they look the same, or they are attempts of one task. */
  group?: RowGroup;
  /** The times in the queue that ended with what is shown. */
  waits: readonly WaterfallSpan[];
}

export type RowGroup = 'same' | 'attempts';
