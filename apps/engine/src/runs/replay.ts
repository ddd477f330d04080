import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { findFinishedByFilter, findFinishedByIds } from '@hatchet-ts/storage/runs';
import type { Command } from './cancellation.ts';
import { inChunks, type Settle } from './settlement.ts';

/** Runs what is over again, by ids of runs and tasks or by a filter; resolves to the ids of what runs again. */
export function createReplay(db: Queryable, settle: Settle): Command {
  return async (tenantId, { ids, filter }) => {
    const byIds = ids.length === 0 ? [] : await findFinishedByIds(db, tenantId, ids);
    const targets = filter ? [...byIds, ...(await findFinishedByFilter(db, tenantId, filter))] : byIds;
    const runs = [...Map.groupBy(targets, ({ runId }) => runId)].map(([runId, named]) => {
      const taskIds = named.flatMap(({ taskId }) => (taskId === undefined ? [] : [taskId]));
      // Where the run itself is named, all its tasks are.
      return { runId, taskIds: taskIds.length === named.length ? taskIds : undefined };
    });
    await runSpan('replay-task', { attributes: { 'batch.item_count': targets.length } }, () =>
      inChunks(
        settle,
        runs.map(({ runId, taskIds }) => ({ runId, event: { kind: 'replayed', ...(taskIds ? { taskIds } : {}) } })),
      ),
    );
    return targets.map(({ runId, taskId }) => taskId ?? runId);
  };
}
