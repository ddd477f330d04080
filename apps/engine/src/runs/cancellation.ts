import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type RunFilter, type Target, unfinishedByFilter, unfinishedByIds } from '@hatchet-ts/storage/runs';
import type { Settle } from './settlement.ts';

/** Cancels what is not over yet, by ids of runs and tasks or by a filter; resolves to the ids of what it cancelled. */
export type Cancel = (tenantId: string, what: { ids: readonly string[]; filter?: RunFilter }) => Promise<string[]>;

export function createCancellation(db: Queryable, settle: Settle): Cancel {
  return async (tenantId, { ids, filter }) => {
    const byIds = ids.length === 0 ? [] : await unfinishedByIds(db, tenantId, ids);
    const targets = filter ? [...byIds, ...(await unfinishedByFilter(db, tenantId, filter))] : byIds;
    await runSpan('handle-task-cancelled', { attributes: { 'batch.item_count': targets.length } }, () =>
      settle(targets.map(happening)),
    );
    return targets.map(({ runId, taskId }) => taskId ?? runId);
  };
}

function happening({ runId, taskId }: Target): Parameters<Settle>[0][number] {
  return { runId, event: { kind: 'cancelled', ...(taskId === undefined ? {} : { taskId }) } };
}
