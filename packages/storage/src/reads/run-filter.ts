import { condition, joinConditions, type MetadataFilter, metadataCondition } from '../sql/conditions.ts';

/** Filter for runs or tasks. A missing field or an empty list restricts nothing. */
export interface RunListFilter {
  since?: Date;
  until?: Date;
  /** `QUEUED`, `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`. */
  statuses?: string[];
  workflowIds?: string[];
  metadata?: MetadataFilter;
  traceId?: string;
  parentTaskId?: string;
  workerId?: string;
  eventId?: string;
  /** Restricts RUNNING runs or tasks to those with (or without) an evicted task. */
  evicted?: boolean;
}

/** Maps a task's status to the fewer ones that Hatchet's clients have. */
export const TASK_STATUS = `CASE t.status WHEN 'WAITING' THEN 'QUEUED' WHEN 'BACKOFF' THEN 'QUEUED'
  WHEN 'EVICTED' THEN 'RUNNING' WHEN 'SKIPPED' THEN 'COMPLETED' ELSE t.status END`;

/** SQL terms for a list of runs or of tasks. */
interface Unit {
  status: string;
  createdAt: string;
  assignedTo: (workerId: string) => string;
  evicted: string;
}

export const UNITS = {
  run: {
    status: 'r.status',
    createdAt: 'r.created_at',
    assignedTo: (workerId) => `EXISTS (SELECT FROM task WHERE run_id = r.id AND worker_id = ${workerId})`,
    evicted: `EXISTS (SELECT FROM task WHERE run_id = r.id AND status = 'EVICTED')`,
  },
  task: {
    status: TASK_STATUS,
    createdAt: 't.created_at',
    assignedTo: (workerId) => `t.worker_id = ${workerId}`,
    evicted: `t.status = 'EVICTED'`,
  },
} satisfies Record<string, Unit>;

/** Builds the condition of a filter on `run r` and, for tasks, `task t`. The filter's values are appended to `params`. */
export function whereClause(filter: RunListFilter, unit: Unit, params: unknown[]): { sql: string; params: unknown[] } {
  return joinConditions(
    [
      condition(filter.since, (since) => `${unit.createdAt} >= ${since}`),
      condition(filter.until, (until) => `${unit.createdAt} <= ${until}`),
      condition(filter.statuses, (statuses) => `${unit.status} = ANY (${statuses}::text[])`),
      condition(filter.workflowIds, (ids) => `r.workflow_id = ANY (${ids}::uuid[])`),
      condition(filter.traceId, (traceId) => `r.trace_id = ${traceId}`),
      condition(filter.parentTaskId, (taskId) => `r.parent_task_id = ${taskId}`),
      condition(filter.workerId, unit.assignedTo),
      condition(filter.eventId, (eventId) => `r.event_id = ${eventId}`),
      condition(filter.evicted, (evicted) => `r.status <> 'RUNNING' OR (${unit.evicted}) = ${evicted}`),
      metadataCondition('r.additional_metadata', filter.metadata),
    ],
    params,
  );
}
