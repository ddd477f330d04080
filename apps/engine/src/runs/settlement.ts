import type { Database } from '@hatchet-ts/storage';
import { deleteLogs, dropConditions } from '@hatchet-ts/storage/durable';
import {
  lockRuns,
  type RunChange,
  releaseFailedChildKeys,
  saveChanges,
  type TaskChange,
} from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import type { Registry } from './registry.ts';
import { advance } from './state.ts';
import type { Effect, RunEvent } from './transition.ts';

/** Something that happens to a run. */
export interface Happening {
  runId: string;
  event: RunEvent;
}

export interface SettlementDeps {
  db: Database;
  registry: Registry;
  /** Called once the new state is committed, before `settle` returns. */
  onEffects(effects: Effect[]): void;
}

/** Carries out what happens to runs: locks them, asks the state machine, writes what it says, then sees to the effects. */
export type Settle = (happenings: readonly Happening[]) => Promise<void>;

export function createSettlement({ db, registry, onEffects }: SettlementDeps): Settle {
  return async (happenings) => {
    if (happenings.length === 0) return;
    const events = Map.groupBy(happenings, ({ runId }) => runId);
    const effects = await db.transaction(async (transaction) => {
      const locked = await lockRuns(transaction, [...events.keys()]);
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
        for (const { event } of events.get(run.id) ?? []) {
          const step = advance(state, event, at);
          state = { ...state, ...step.state, tasks: [...step.state.tasks] };
          for (const task of step.tasks) tasks.set(task.id, task);
          if (step.run) runs.set(run.id, { ...runs.get(run.id), ...step.run });
          effects.push(...step.effects);
        }
      }
      const changes = [...tasks.values()];
      if (changes.length > 0) await saveChanges(transaction, changes, [...runs.values()]);
      const idsOf = (these: readonly TaskChange[]) => these.map(({ id }) => id);
      const durable = changes.filter(({ invocationCount }) => invocationCount !== null);
      const ended = durable.filter(({ finishedAt }) => finishedAt !== null);
      if (ended.length > 0) await dropConditions(transaction, idsOf(ended));
      const replayed = changes.filter((task) => task.replayed);
      if (replayed.length > 0) await releaseFailedChildKeys(transaction, idsOf(replayed));
      if (replayed.some((task) => durable.includes(task))) await deleteLogs(transaction, idsOf(replayed));
      return effects;
    });
    onEffects(effects);
  };
}

/** Most happenings of one transaction, where somebody names any number of runs. */
const CHUNK = 500;

export async function inChunks(settle: Settle, happenings: readonly Happening[]): Promise<void> {
  for (let start = 0; start < happenings.length; start += CHUNK) await settle(happenings.slice(start, start + CHUNK));
}
