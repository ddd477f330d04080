import type { Durable } from './durable/durable.ts';
import type { WorkerPool } from './placement/worker-pool.ts';
import type { Progress } from './runs/progress.ts';
import type { Registry } from './runs/registry.ts';
import type { Results } from './runs/results.ts';
import type { RunSpans } from './runs/spans.ts';
import type { Effect } from './runs/state.ts';
import type { Dispatch } from './scheduling/dispatch.ts';
import type { Scheduling } from './scheduling/scheduling.ts';
import type { TaskTimers } from './scheduling/timers.ts';

/** Units that effects act on. */
export interface EffectTargets {
  pool: WorkerPool;
  registry: Registry;
  spans: RunSpans;
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
  readonly #onError: (error: unknown) => void;
  #targets: EffectTargets | undefined;

  /** @param onError receives the errors of effects: the state is committed, so each other effect is still applied. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  connect(targets: EffectTargets): void {
    this.#targets = targets;
  }

  apply(effects: readonly Effect[]): void {
    if (!this.#targets) throw new Error('effects are applied before their targets are connected');
    for (const effect of effects) {
      for (const action of actionsOf(effect, this.#targets)) {
        try {
          action();
        } catch (error) {
          this.#onError(error);
        }
      }
    }
  }
}

/** Actions of an effect; each is independent of the others. */
function actionsOf(effect: Effect, targets: EffectTargets): (() => void)[] {
  const { pool, registry, spans, results, progress, scheduling, timers, durable, dispatch } = targets;
  switch (effect.kind) {
    case 'attempt-ended': {
      const { run, task, stopReason } = effect;
      const attempt = { taskId: task.id, retryCount: task.retryCount };
      const ended = { kind: 'task-ended', tenantId: run.tenantId, runId: run.id, ...attempt } as const;
      return [
        () => spans.recordAttempt(run, task, registry.steps(run.versionId)[task.step], effect),
        ...(stopReason ? [() => dispatch.cancel(run, task, stopReason)] : []),
        () => progress.publish({ ...ended, outcome: effect.outcome, payload: effect.output ?? effect.error ?? '' }),
        () => pool.release(attempt),
        () => durable.attemptEnded(task),
        scheduling.wake,
      ];
    }
    case 'given-up': {
      const { run, task } = effect;
      return [() => spans.recordQueued(run, task, registry.steps(run.versionId)[task.step], effect)];
    }
    case 'queued':
      return [() => scheduling.queued(effect.task, effect)];
    case 'timer':
      return [() => timers.set(effect.dueAt)];
    case 'child-awaited':
      return [() => durable.awaitChild(effect.runId)];
    case 'run-ended': {
      const { run, outcome } = effect;
      return [
        () => spans.recordRun(run, effect),
        () => results.runEnded(run.id),
        () => durable.runEnded(run.id),
        () => progress.publish({ kind: 'run-ended', tenantId: run.tenantId, runId: run.id, outcome }),
      ];
    }
  }
}
