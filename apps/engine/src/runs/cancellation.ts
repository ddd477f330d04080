import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { findUnfinishedByFilter, findUnfinishedByIds, type RunFilter, type Target } from '@hatchet-ts/storage/runs';
import { inChunks, type Settle } from './settlement.ts';

/** Does something to runs and tasks, by their ids or by a filter; resolves to the ids of those that it was done to. */
export type Command = (tenantId: string, what: { ids: readonly string[]; filter?: RunFilter }) => Promise<string[]>;

/** Cancels what is not over yet. */
export function createCancellation(db: Queryable, settle: Settle): Command {
  return async (tenantId, { ids, filter }) => {
    const byIds = ids.length === 0 ? [] : await findUnfinishedByIds(db, tenantId, ids);
    const targets = filter ? [...byIds, ...(await findUnfinishedByFilter(db, tenantId, filter))] : byIds;
    await runSpan('handle-task-cancelled', { attributes: { 'batch.item_count': targets.length } }, () =>
      inChunks(settle, targets.map(happening)),
    );
    return targets.map(({ runId, taskId }) => taskId ?? runId);
  };
}

function happening({ runId, taskId }: Target): Parameters<Settle>[0][number] {
  return { runId, event: { kind: 'cancelled', ...(taskId === undefined ? {} : { taskId }) } };
}
