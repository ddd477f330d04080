export { type BatchableTask, type BatchBacklog, listBatchBacklogs, pickBatchable } from './batches.ts';
export type { EpochMs } from './columns.ts';
export {
  finishedByFilter,
  finishedByIds,
  type RunFilter,
  type Target,
  unfinishedByFilter,
  unfinishedByIds,
} from './find.ts';
export { type Claimant, claimKeys, type IdempotencyClaim, pruneKeys } from './idempotency.ts';
export { childIdentity, earlierChildren, insertRuns, type NewRun, type NewTask } from './insert.ts';
export { type Assignment, assignTasks, type Backlog, listBacklogs, pickQueued, type QueuedTask } from './queue.ts';
export {
  finishedRuns,
  type ParentTask,
  parentTasks,
  type RunDetails,
  type RunResult,
  runContext,
  runDetails,
  runHasMetadata,
  runsOfTasks,
  type TaskResult,
} from './read.ts';
export { forgetFailedChildren } from './replay.ts';
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
