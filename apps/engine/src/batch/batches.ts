import type { BatchableTask, EpochMs } from '@hatchet-ts/storage/runs';
import type { BatchConfig } from '@hatchet-ts/storage/workflows';

/** Most bytes of input in a batch, one task excepted: a message to a worker may have 4 MiB in all. */
export const MOST_BYTES = 2 * 1024 * 1024;

/** Most tasks in a batch; as many of a kind are looked at in one pass. */
export const MOST_IN_A_BATCH = 1_000;

/** Tasks that are to run together. */
export interface Batch {
  tasks: BatchableTask[];
  /** It is full, or its first task has waited for long enough. */
  reason: 'max_size' | 'max_interval';
}

/**
 * Gathers tasks, in their order, into batches: each of one step and one key, for workers with the same labels.
 *
 * @param configOf how a task's step wants its batches.
 * @returns the batches that are to run now, and when the next one will be although it is not full.
 */
export function formBatches(
  tasks: readonly BatchableTask[],
  configOf: (task: BatchableTask) => BatchConfig,
  at: EpochMs,
): { ready: Batch[]; nextAt: EpochMs | null } {
  const ready: Batch[] = [];
  const times: EpochMs[] = [];
  const groups = Map.groupBy(tasks, ({ versionId, step, affinity, batchKey }) =>
    JSON.stringify([versionId, step, affinity, batchKey]),
  );
  for (const group of groups.values()) {
    const config = configOf(group[0]!);
    const { full, rest } = portions(group, config.maxSize);
    ready.push(...full.map((portion): Batch => ({ tasks: portion, reason: 'max_size' })));
    if (rest.length === 0 || config.maxIntervalMs === undefined) continue;
    const dueAt = Math.min(...rest.map(({ queuedAt }) => queuedAt)) + config.maxIntervalMs;
    if (dueAt <= at) ready.push({ tasks: rest, reason: 'max_interval' });
    else times.push(dueAt);
  }
  return { ready, nextAt: times.length === 0 ? null : Math.min(...times) };
}

function portions(
  group: readonly BatchableTask[],
  maxSize: number,
): { full: BatchableTask[][]; rest: BatchableTask[] } {
  const full: BatchableTask[][] = [];
  let rest: BatchableTask[] = [];
  let bytes = 0;
  const close = () => {
    full.push(rest);
    rest = [];
    bytes = 0;
  };
  for (const task of group) {
    if (rest.length > 0 && bytes + task.bytes > MOST_BYTES) close();
    rest.push(task);
    bytes += task.bytes;
    if (rest.length === maxSize) close();
  }
  return { full, rest };
}

/** Which runs a task goes together with, by the value in its input that its step names; without one all do. */
export function batchKey({ groupBy }: BatchConfig, input: string): string {
  if (!groupBy) return '';
  let value: unknown = JSON.parse(input);
  for (const name of groupBy) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (value === undefined || value === null) return '';
  // PostgreSQL's text has no place for U+0000.
  return (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\0', '\uFFFD');
}
