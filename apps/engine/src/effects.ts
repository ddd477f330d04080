import type { Durable } from './durable/durable.ts';
import type { WorkerPool } from './placement/worker-pool.ts';
import type { Progress } from './runs/progress.ts';
import type { Registry } from './runs/registry.ts';
import type { Results } from './runs/results.ts';
import { recordAttempt, recordRun } from './runs/spans.ts';
import type { Effect } from './runs/state.ts';
import type { Dispatch } from './scheduling/dispatch.ts';
import type { Scheduling } from './scheduling/scheduling.ts';
import type { TaskTimers } from './scheduling/timers.ts';

/** Units that effects act on. */
export interface EffectTargets {
  pool: WorkerPool;
  registry: Registry;
  results: Results;
  progress: Progress;
  scheduling: Pick<Scheduling, 'queued' | 'wake'>;
  timers: Pick<TaskTimers, 'set'>;
  durable: Pick<Durable, 'attemptEnded' | 'runEnded' | 'awaitChild'>;
  dispatch: Pick<Dispatch, 'cancel'>;
}

/**
 * Applies the effects of committed state changes. The engine creates it before the units that settle runs, and connects
 * it to its targets once all exist: several targets settle runs themselves.
 */
export class Effects {
  #targets: EffectTargets | undefined;

  connect(targets: EffectTargets): void {
    this.#targets = targets;
  }

  apply(effects: readonly Effect[]): void {
    if (!this.#targets) throw new Error('effects are applied before their targets are connected');
    applyEffects(effects, this.#targets);
  }
}

function applyEffects(effects: readonly Effect[], targets: EffectTargets): void {
  const { pool, registry, results, progress, scheduling, timers, durable, dispatch } = targets;
  for (const effect of effects) {
    switch (effect.kind) {
      case 'attempt-ended': {
        const { run, task, stopReason } = effect;
        recordAttempt(run, task, registry.steps(run.versionId)[task.step], effect);
        if (stopReason) dispatch.cancel(run, task, stopReason);
        progress.publish({
          kind: 'task-ended',
          tenantId: run.tenantId,
          runId: run.id,
          taskId: task.id,
          retryCount: task.retryCount,
          outcome: effect.outcome,
          payload: effect.output ?? effect.error ?? '',
        });
        pool.release({ taskId: task.id, retryCount: task.retryCount });
        durable.attemptEnded(task);
        scheduling.wake();
        break;
      }
      case 'queued':
        scheduling.queued(effect.task, effect);
        break;
      case 'timer':
        timers.set(effect.dueAt);
        break;
      case 'child-awaited':
        durable.awaitChild(effect.runId);
        break;
      case 'run-ended':
        recordRun(effect.run, effect);
        results.runEnded(effect.run.id);
        durable.runEnded(effect.run.id);
        progress.publish({
          kind: 'run-ended',
          tenantId: effect.run.tenantId,
          runId: effect.run.id,
          outcome: effect.outcome,
        });
        break;
    }
  }
}
