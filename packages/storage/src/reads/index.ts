export type { MetadataFilter } from '../sql/conditions.ts';
export type { Page, Paged } from '../sql/page.ts';
export { type EventListFilter, type EventView, listEvents, viewEvent } from './events.ts';
export { type LogFilter, type LogLevel, type LogLineView, listLogLines } from './logs.ts';
export type { RunListFilter } from './run-filter.ts';
export {
  countTasks,
  type EarlierAttemptView,
  earlierAttempts,
  listRunIds,
  listRuns,
  listTasks,
  parentsOfSteps,
  type RunSummary,
  type RunView,
  type TaskOfRun,
  type TaskView,
  type ViewStatus,
  viewRun,
  viewTask,
} from './runs.ts';
export { findTenant, type TenantView } from './tenants.ts';
export { listWorkers, setWorkerPaused, viewWorker, type WorkerView } from './workers.ts';
export {
  deleteWorkflow,
  listWorkflows,
  viewWorkflow,
  viewWorkflowVersion,
  type WorkflowVersionView,
  type WorkflowView,
} from './workflows.ts';
