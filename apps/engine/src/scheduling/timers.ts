import { type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type DueTask, dueTasks, type EpochMs, nextDueAt } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Settle } from '../runs/settlement.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import type { Timing } from './timing.ts';

const MOST_AT_ONCE = 500;

export interface TimersDeps {
  db: Queryable;
  settle: Settle;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** The alarm clock for the tasks' timers. */
export function createTimers({ db, settle, timing, mayRun, onError }: TimersDeps): Alarm {
  async function look(): Promise<EpochMs | null> {
    if (!mayRun()) return null;
    const due = await dueTasks(db, now(), MOST_AT_ONCE);
    for (const [name, tasks] of Map.groupBy(due, spanName)) await process(name, tasks, settle);
    return due.length === MOST_AT_ONCE ? now() : nextDueAt(db);
  }
  return createAlarm(look, timing.timerCheck, onError);
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
