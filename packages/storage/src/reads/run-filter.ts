import { allOf, given, type MetadataFilter, metadataHas } from './conditions.ts';

/** Which runs or tasks to list. What is left out restricts nothing; an empty list neither. */
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
  /** Of those that are RUNNING: those with an evicted task, or those without one. */
  evicted?: boolean;
}

/** A task's status as Hatchet's clients know it: they have no word for its finer states. */
export const TASK_STATUS = `CASE t.status WHEN 'WAITING' THEN 'QUEUED' WHEN 'BACKOFF' THEN 'QUEUED'
  WHEN 'EVICTED' THEN 'RUNNING' WHEN 'SKIPPED' THEN 'COMPLETED' ELSE t.status END`;

/** What is listed: a run, or a task of it. */
interface Unit {
  status: string;
  createdAt: string;
  workedOnBy: (workerId: string) => string;
  evicted: string;
}

export const UNITS = {
  run: {
    status: 'r.status',
    createdAt: 'r.created_at',
    workedOnBy: (workerId) => `EXISTS (SELECT FROM task WHERE run_id = r.id AND worker_id = ${workerId})`,
    evicted: `EXISTS (SELECT FROM task WHERE run_id = r.id AND status = 'EVICTED')`,
  },
  task: {
    status: TASK_STATUS,
    createdAt: 't.created_at',
    workedOnBy: (workerId) => `t.worker_id = ${workerId}`,
    evicted: `t.status = 'EVICTED'`,
  },
} satisfies Record<string, Unit>;

/**
 * A filter as SQL on `run r` and, for tasks, `task t`.
 *
 * @returns the condition, and `params` with the filter's values added to them.
 */
export function whereClause(filter: RunListFilter, unit: Unit, params: unknown[]): { sql: string; params: unknown[] } {
  return allOf(
    [
      given(filter.since, (since) => `${unit.createdAt} >= ${since}`),
      given(filter.until, (until) => `${unit.createdAt} <= ${until}`),
      given(filter.statuses, (statuses) => `${unit.status} = ANY (${statuses}::text[])`),
      given(filter.workflowIds, (ids) => `r.workflow_id = ANY (${ids}::uuid[])`),
      given(filter.traceId, (traceId) => `r.trace_id = ${traceId}`),
      given(filter.parentTaskId, (taskId) => `r.parent_task_id = ${taskId}`),
      given(filter.workerId, unit.workedOnBy),
      given(filter.eventId, (eventId) => `r.event_id = ${eventId}`),
      given(filter.evicted, (evicted) => `r.status <> 'RUNNING' OR (${unit.evicted}) = ${evicted}`),
      metadataHas('r.additional_metadata', filter.metadata),
    ],
    params,
  );
}
