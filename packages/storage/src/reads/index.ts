export { type EventListFilter, type EventView, listEvents } from './events.ts';
export type { Page, Paged } from './page.ts';
export type { RunListFilter } from './run-filter.ts';
export {
  listRuns,
  listTasks,
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
export { listWorkflows, type WorkflowView } from './workflows.ts';
