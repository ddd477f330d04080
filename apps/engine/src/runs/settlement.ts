import type { Database, Queryable } from '@hatchet-ts/storage';
import { forgetFailedChildren } from '@hatchet-ts/storage/durable';
import {
  type EarlierAttempt,
  keepAttempts,
  lockRuns,
  type RunChange,
  releaseFailedChildKeys,
  saveChanges,
  type TaskChange,
  type TaskRow,
} from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { Registry } from './registry.ts';
import { advance, type Effect, type RunInput } from './state.ts';

export interface SettlementDeps {
  db: Database;
  registry: Registry;
  /** Receiver of the effects; called once the new state is committed, before `settle` returns. */
  effects: { apply(effects: readonly Effect[]): void };
}

/** Settles events of runs: locks the runs, applies the state machine, saves its changes, then applies the effects. */
export type Settle = (inputs: readonly RunInput[]) => Promise<void>;

export function createSettle({ db, registry, effects }: SettlementDeps): Settle {
  return async (inputs) => {
    if (inputs.length === 0) return;
    const eventsOf = Map.groupBy(inputs, ({ runId }) => runId);
    const committed = await db.transaction(async (transaction) => {
      const locked = await lockRuns(transaction, [...eventsOf.keys()]);
      await registry.load(
        locked.runs.map(({ versionId }) => versionId),
        transaction,
      );
      const tasksOf = Map.groupBy(locked.tasks, ({ runId }) => runId);
      const at = now();
      const tasks = new Map<string, TaskChange>();
      const runs = new Map<string, RunChange>();
      const effects: Effect[] = [];
      for (const run of locked.runs) {
        let state = { run, tasks: tasksOf.get(run.id) ?? [], steps: registry.steps(run.versionId) };
        for (const { event } of eventsOf.get(run.id) ?? []) {
          const step = advance(state, event, at);
          state = { ...state, ...step.state, tasks: [...step.state.tasks] };
          for (const task of step.tasks) tasks.set(task.id, task);
          if (step.run) runs.set(run.id, { ...runs.get(run.id), ...step.run });
          effects.push(...step.effects);
        }
      }
      const changes = [...tasks.values()];
      const earlier = earlierAttempts(locked.tasks, tasks, effects);
      if (earlier.length > 0) await keepAttempts(transaction, earlier, at);
      if (changes.length > 0) await saveChanges(transaction, changes, [...runs.values()]);
      const replayed = changes.filter(({ replayedFrom }) => replayedFrom);
      const awaited = replayed.length > 0 ? await repairReplayed(transaction, replayed) : [];
      return [...effects, ...awaited.map((runId): Effect => ({ kind: 'child-awaited', runId }))];
    });
    effects.apply(committed);
  };
}

/** Attempts that another one follows, after a failure or a replay: their rows change to the next attempt. */
function earlierAttempts(
  before: readonly TaskRow[],
  changes: ReadonlyMap<string, TaskChange>,
  effects: readonly Effect[],
): EarlierAttempt[] {
  return before.flatMap(({ id, retryCount }) => {
    if ((changes.get(id)?.retryCount ?? retryCount) === retryCount) return [];
    const end = effects.find((effect) => effect.kind === 'attempt-ended' && effect.task.id === id);
    if (end?.kind !== 'attempt-ended') return [{ taskId: id }];
    const lost = end.stopReason === 'lost' ? 'worker_lost' : undefined;
    return [{ taskId: id, error: end.error, endReason: end.outcome === 'timed_out' ? 'timed_out' : lost }];
  });
}

/**
 * Lets replayed tasks start their failed children again. A durable task keeps its log and its answers; if it failed, its
 * failed children's answers are awaited again.
 *
 * @returns the runs of these children
 */
async function repairReplayed(transaction: Queryable, replayed: readonly TaskChange[]): Promise<string[]> {
  await releaseFailedChildKeys(
    transaction,
    replayed.map(({ id }) => id),
  );
  const failed = replayed.filter((task) => task.invocationCount !== null && task.replayedFrom !== 'COMPLETED');
  if (failed.length === 0) return [];
  return forgetFailedChildren(
    transaction,
    failed.map(({ id }) => id),
  );
}
