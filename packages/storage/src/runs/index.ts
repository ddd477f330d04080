export { type BatchableTask, listBatchBacklogs, pickBatchable } from './batches.ts';
export type { EpochMs } from './columns.ts';
export { type RunFilter, type Target, unfinishedByFilter, unfinishedByIds } from './find.ts';
export { insertRuns, type NewRun, type NewTask } from './insert.ts';
export { type Assignment, assignTasks, type Backlog, listBacklogs, pickQueued, type QueuedTask } from './queue.ts';
export {
  finishedRuns,
  type ParentTask,
  parentTasks,
  type RunDetails,
  type RunResult,
  runContext,
  runDetails,
  runsOfTasks,
  type TaskResult,
} from './read.ts';
export type { RunContextColumns, RunRow, RunStatus, TaskRow, TaskStatus } from './rows.ts';
export { extendTimeout, releaseSlots } from './running.ts';
export { lockRuns, markStarted, type RunChange, saveChanges, type TaskChange } from './settle.ts';
export {
  type DueTask,
  dueTasks,
  expectStarted,
  nextDueAt,
  postponeTimeouts,
  runningAttempts,
  tasksOfWorkers,
} from './timers.ts';
