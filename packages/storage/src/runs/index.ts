export type { EpochMs } from '../sql/epoch-ms.ts';
export { type EarlierAttempt, keepAttempts } from './attempt-history.ts';
export { extendTimeout, markStarted, releaseSlots, runningAttempts, type StartedAttempt } from './attempts.ts';
export { type BatchableTask, type BatchBacklog, listBatchBacklogs, pickBatchable } from './batches.ts';
export { type EndReason, lockRuns, type RunChange, saveChanges, type TaskChange } from './changes.ts';
export { type Claimant, claimKeys, type IdempotencyClaim, pruneKeys } from './idempotency.ts';
export {
  childIdentity,
  earlierChildren,
  insertRuns,
  type NewRun,
  type NewTask,
  releaseFailedChildKeys,
} from './insert.ts';
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
} from './results.ts';
export type { RunContextColumns, RunRow, RunStatus, TaskRow, TaskStatus } from './rows.ts';
export {
  findFinishedByFilter,
  findFinishedByIds,
  findUnfinishedByFilter,
  findUnfinishedByIds,
  type RunFilter,
  type Target,
} from './targets.ts';
export {
  type DueTask,
  dueTasks,
  nextDueAt,
  postponeTimeouts,
  postponeTimers,
  setStartDeadline,
  tasksOfWorkers,
} from './timers.ts';
