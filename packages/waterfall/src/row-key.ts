import { attemptKey } from './attempts.ts';
import { taskOf } from './engine-spans.ts';
import type { FoldedSiblings } from './folded-siblings.ts';

/** Names rows so that a row keeps its name when the trace grows: by span, by task, by what still runs. */
export function rowKeys(): (entry: FoldedSiblings) => string {
  const used = new Map<string, number>();
  return (entry) => {
    const key = plainKey(entry);
    const times = (used.get(key) ?? 0) + 1;
    used.set(key, times);
    return times === 1 ? key : `${key}~${times}`; // two spans with one id
  };
}

function plainKey({ nodes, group }: FoldedSiblings): string {
  const { span, missing, running } = nodes[0]!;
  const id = span?.spanId ?? missing ?? `running-${attemptKey(running!)}`;
  if (!group) return id;
  return group === 'attempts' ? `task-${taskOf((span ?? running)!)}` : `${id}-and-more`;
}
