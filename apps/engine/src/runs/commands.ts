import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { failedChildren } from '@hatchet-ts/storage/durable';
import {
  findFinishedByFilter,
  findFinishedByIds,
  findUnfinishedByFilter,
  findUnfinishedByIds,
  type RunFilter,
  type Target,
} from '@hatchet-ts/storage/runs';
import type { Settle } from './settlement.ts';
import type { RunInput } from './state.ts';

/** Runs and tasks by id, by a filter, or both. */
export interface Selection {
  ids: readonly string[];
  filter?: RunFilter;
}

/** Applies a command to a tenant's runs and tasks; resolves to the ids of those that it changed. */
export type Command = (tenantId: string, selection: Selection) => Promise<string[]>;

/** Most events settled in one transaction: a selection may hold any number of runs. */
const CHUNK = 500;

/** Creates the command that cancels unfinished runs and tasks. */
export function createCancel(db: Queryable, settle: Settle): Command {
  return async (tenantId, { ids, filter }) => {
    const byIds = ids.length === 0 ? [] : await findUnfinishedByIds(db, tenantId, ids);
    const targets = filter ? [...byIds, ...(await findUnfinishedByFilter(db, tenantId, filter))] : byIds;
    const inputs = targets.map(
      ({ runId, taskId }): RunInput => ({
        runId,
        event: { kind: 'cancelled', ...(taskId === undefined ? {} : { taskId }) },
      }),
    );
    await runSpan('handle-task-cancelled', { attributes: { 'batch.item_count': targets.length } }, () =>
      settleInChunks(settle, inputs),
    );
    return targets.map(idOf);
  };
}

/** Creates the command that runs finished runs and tasks again. */
export function createReplay(db: Queryable, settle: Settle): Command {
  return async (tenantId, { ids, filter }) => {
    const byIds = ids.length === 0 ? [] : await findFinishedByIds(db, tenantId, ids);
    const targets = filter ? [...byIds, ...(await findFinishedByFilter(db, tenantId, filter))] : byIds;
    const inputs = [...Map.groupBy(targets, ({ runId }) => runId)].map(([runId, named]): RunInput => {
      const taskIds = named.flatMap(({ taskId }) => (taskId === undefined ? [] : [taskId]));
      // If the run itself is selected, so are all its tasks.
      return { runId, event: { kind: 'replayed', ...(taskIds.length === named.length ? { taskIds } : {}) } };
    });
    const children = await failedChildrenOf(db, inputs);
    await runSpan('replay-task', { attributes: { 'batch.item_count': targets.length } }, () =>
      settleInChunks(settle, [...children, ...inputs]),
    );
    return targets.map(idOf);
  };
}

/**
 * Replays the failed children of durable tasks before their parents, whose logs wait for them again. Children of other
 * tasks are started anew by the tasks themselves.
 */
async function failedChildrenOf(db: Queryable, replays: readonly RunInput[]): Promise<RunInput[]> {
  const taskIds = replays.map(({ event }) => (event.kind === 'replayed' ? event.taskIds : undefined));
  const whole = replays.filter((_, position) => taskIds[position] === undefined).map(({ runId }) => runId);
  const parts = replays.filter((_, position) => taskIds[position] !== undefined).map(({ runId }) => runId);
  const children = [
    ...(whole.length > 0 ? await failedChildren(db, whole) : []),
    ...(parts.length > 0
      ? await failedChildren(
          db,
          parts,
          taskIds.flatMap((ids) => ids ?? []),
        )
      : []),
  ];
  return [...new Set(children)].map((runId) => ({ runId, event: { kind: 'replayed' } }));
}

async function settleInChunks(settle: Settle, inputs: readonly RunInput[]): Promise<void> {
  for (let start = 0; start < inputs.length; start += CHUNK) await settle(inputs.slice(start, start + CHUNK));
}

function idOf({ runId, taskId }: Target): string {
  return taskId ?? runId;
}
