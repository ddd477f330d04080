import type { BatchableTask, EpochMs } from '@hatchet-ts/storage/runs';
import type { BatchConfig } from '@hatchet-ts/storage/workflows';
import type { AssignedBatch } from '../messages/batch-action.ts';

/** Most bytes of input in a batch of several tasks, as in Hatchet's own engine. */
export const MOST_BYTES = 4_000_000;

/** Room for the other fields of a task in the message to the worker, which has at most 4 MiB. */
const OTHER_BYTES_OF_TASK = 512;

/** Most tasks in a batch, and most of a kind that one pass picks. */
export const MOST_IN_A_BATCH = 1_000;

/** Tasks that run together. */
export interface Batch {
  tasks: BatchableTask[];
  reason: AssignedBatch['reason'];
}

/**
 * Groups tasks, in their order, into batches: each of one step and one key, for workers with the same labels.
 *
 * @param configOf returns the batch configuration of a task's step.
 * @returns the batches to run now, and the time at which the next one is due although it is not full.
 */
export function formBatches(
  tasks: readonly BatchableTask[],
  configOf: (task: BatchableTask) => BatchConfig,
  at: EpochMs,
): { ready: Batch[]; nextAt: EpochMs | null } {
  const ready: Batch[] = [];
  const dueTimes: EpochMs[] = [];
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
    else dueTimes.push(dueAt);
  }
  return { ready, nextAt: dueTimes.length === 0 ? null : Math.min(...dueTimes) };
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
    const taskBytes = task.bytes + OTHER_BYTES_OF_TASK;
    if (rest.length > 0 && bytes + taskBytes > MOST_BYTES) close();
    rest.push(task);
    bytes += taskBytes;
    if (rest.length === maxSize) close();
  }
  return { full, rest };
}
