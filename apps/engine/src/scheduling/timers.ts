import { type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type DueTask, dueTasks, type EpochMs, nextDueAt, postponeTimers } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { Alarm } from '../loops/alarm.ts';
import type { Timing } from '../loops/timing.ts';
import { runSpanContexts } from '../runs/context.ts';
import { FAILED_RUN_PAUSE_MS, type SettleEach } from '../runs/settle-each.ts';

const MOST_AT_ONCE = 500;

export interface TaskTimersDeps {
  db: Queryable;
  settleEach: SettleEach;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Timers of tasks: timeouts, back-off, and the start that a worker must report. */
export class TaskTimers {
  readonly #deps: TaskTimersDeps;
  readonly #alarm: Alarm;
  readonly start: () => void;
  /** To be called once a timer is committed. */
  readonly set: (dueAt: EpochMs) => void;

  constructor(deps: TaskTimersDeps) {
    this.#deps = deps;
    this.#alarm = new Alarm(() => this.#poll(), deps.timing.timerCheck, deps.onError);
    this.start = this.#alarm.start;
    this.set = this.#alarm.set;
  }

  stop(): Promise<void> {
    return this.#alarm.stop();
  }

  async #poll(): Promise<EpochMs | null> {
    const { db, settleEach, mayRun } = this.#deps;
    if (!mayRun()) return null;
    const due = await dueTasks(db, now(), MOST_AT_ONCE);
    for (const [name, tasks] of Map.groupBy(due, spanName)) {
      const failed = await settleDue(name, tasks, settleEach);
      if (failed.length > 0) await postponeTimers(db, failed, now() + FAILED_RUN_PAUSE_MS);
    }
    return due.length === MOST_AT_ONCE ? now() : nextDueAt(db);
  }
}

/**
 * Settles due tasks in one transaction, and in a trace of its own because they belong to many runs.
 *
 * @returns the ids of the tasks that could not be settled.
 */
function settleDue(name: RunSpanName, tasks: readonly DueTask[], settleEach: SettleEach): Promise<string[]> {
  const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
  return runSpan(name, options, async () => {
    const failed = await settleEach(
      tasks.map(({ id, runId, retryCount }) => ({ runId, event: { kind: 'due', taskId: id, retryCount } })),
    );
    const runs = new Set(failed.map(({ runId }) => runId));
    return tasks.filter(({ runId }) => runs.has(runId)).map(({ id }) => id);
  });
}

function spanName({ status, started }: DueTask): RunSpanName {
  if (status === 'BACKOFF') return 'process-retry-queue-items';
  return status === 'RUNNING' && !started ? 'process-task-reassignments' : 'process-task-timeout';
}
