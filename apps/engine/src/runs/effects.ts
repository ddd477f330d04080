import type { Durable } from '../durable/durable.ts';
import type { Alarm } from '../scheduling/alarm.ts';
import type { Dispatch } from '../scheduling/dispatch.ts';
import type { Scheduling } from '../scheduling/scheduling.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';
import type { Progress } from './progress.ts';
import type { Registry } from './registry.ts';
import type { Results } from './results.ts';
import { recordAttempt, recordRun } from './spans.ts';
import type { Effect } from './transition.ts';

export interface EffectsDeps {
  pool: WorkerPool;
  registry: Registry;
  results: Results;
  progress: Progress;
  scheduling: Scheduling;
  timers: Alarm;
  durable: Pick<Durable, 'attemptEnded' | 'runEnded'>;
  dispatch: Dispatch;
}

/** Sees to what follows from a committed change of state: slots, messages, timers, spans, those who wait for results. */
export function seeToEffects(effects: readonly Effect[], deps: EffectsDeps): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'attempt-ended': {
        const { run, task, tell } = effect;
        recordAttempt(run, task, deps.registry.steps(run.versionId)[task.step], effect);
        if (tell) deps.dispatch.stop(run, task, tell);
        deps.progress.happened({
          kind: 'task-ended',
          tenantId: run.tenantId,
          runId: run.id,
          taskId: task.id,
          retryCount: task.retryCount,
          outcome: effect.outcome,
          payload: effect.output ?? effect.error ?? '',
        });
        deps.pool.release({ taskId: task.id, retryCount: task.retryCount });
        deps.durable.attemptEnded(task);
        deps.scheduling.wake();
        break;
      }
      case 'queued':
        deps.scheduling.queued(effect.task, effect);
        break;
      case 'timer':
        deps.timers.noted(effect.dueAt);
        break;
      case 'run-ended':
        recordRun(effect.run, effect);
        deps.results.ended(effect.run.id);
        deps.durable.runEnded(effect.run.id);
        deps.progress.happened({
          kind: 'run-ended',
          tenantId: effect.run.tenantId,
          runId: effect.run.id,
          outcome: effect.outcome,
        });
        break;
    }
  }
}
