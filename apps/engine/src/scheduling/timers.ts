import { type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type DueTask, dueTasks, type EpochMs, nextDueAt } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Settle } from '../runs/settlement.ts';
import { singleLoop } from './single-loop.ts';
import type { Timing } from './timing.ts';

const MOST_AT_ONCE = 500;

/** The alarm clock for the tasks' timers, which are rows: what is kept here is only when to look next. */
export interface Timers {
  /** A timer was set, and is committed. */
  noted(dueAt: EpochMs): void;
  /** Looks now, and from then on when something is due. */
  start(): void;
  stop(): Promise<void>;
}

export interface TimersDeps {
  db: Queryable;
  settle: Settle;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

export function createTimers({ db, settle, timing, mayRun, onError }: TimersDeps): Timers {
  let alarm: NodeJS.Timeout | undefined;
  let alarmAt = Number.POSITIVE_INFINITY;

  const loop = singleLoop(async () => {
    alarmAt = Number.POSITIVE_INFINITY;
    setAlarm(now() + timing.timerCheck);
    if (!mayRun()) return;
    const due = await dueTasks(db, now(), MOST_AT_ONCE);
    for (const [name, tasks] of Map.groupBy(due, spanName)) await process(name, tasks, settle);
    if (due.length === MOST_AT_ONCE) return loop.wake();
    const next = await nextDueAt(db);
    if (next !== null) setAlarm(next);
  }, onError);

  function setAlarm(at: EpochMs): void {
    if (at >= alarmAt) return;
    alarmAt = at;
    clearTimeout(alarm);
    alarm = setTimeout(loop.wake, Math.max(0, Math.ceil(at - now())));
  }

  return {
    noted: setAlarm,
    start: loop.wake,
    async stop() {
      await loop.stop();
      clearTimeout(alarm);
    },
  };
}

/** One transaction for all; a trace of its own, because it is a pass over the tasks of many. */
function process(name: RunSpanName, tasks: readonly DueTask[], settle: Settle): Promise<void> {
  const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
  return runSpan(name, options, () =>
    settle(tasks.map(({ id, runId, retryCount }) => ({ runId, event: { kind: 'due', taskId: id, retryCount } }))),
  );
}

function spanName({ status, started }: DueTask): RunSpanName {
  if (status === 'BACKOFF') return 'process-retry-queue-items';
  return status === 'RUNNING' && !started ? 'process-task-reassignments' : 'process-task-timeout';
}
