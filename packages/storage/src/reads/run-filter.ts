/** Which runs or tasks to list. What is left out restricts nothing; an empty list neither. */
export interface RunListFilter {
  since?: Date;
  until?: Date;
  /** `QUEUED`, `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`. */
  statuses?: string[];
  workflowIds?: string[];
  /** Metadata pairs; with `OR`, the default as in Hatchet, any of them suffices. */
  metadata?: { pairs: [key: string, value: string][]; operator: 'AND' | 'OR' };
  traceId?: string;
  parentTaskId?: string;
  workerId?: string;
  eventId?: string;
}

/** A task's status as Hatchet's clients know it: they have no word for its finer states. */
export const TASK_STATUS = `CASE t.status WHEN 'WAITING' THEN 'QUEUED' WHEN 'BACKOFF' THEN 'QUEUED'
  WHEN 'SKIPPED' THEN 'COMPLETED' ELSE t.status END`;

type Condition = { sql: (parameter: string) => string; value: unknown };

/** What is listed: a run, or a task of it. */
interface Unit {
  status: string;
  createdAt: string;
  workedOnBy: (workerId: string) => string;
}

export const UNITS = {
  run: {
    status: 'r.status',
    createdAt: 'r.created_at',
    workedOnBy: (workerId) => `EXISTS (SELECT FROM task WHERE run_id = r.id AND worker_id = ${workerId})`,
  },
  task: { status: TASK_STATUS, createdAt: 't.created_at', workedOnBy: (workerId) => `t.worker_id = ${workerId}` },
} satisfies Record<string, Unit>;

/**
 * A filter as SQL on `run r` and, for tasks, `task t`.
 *
 * @returns the condition, and `params` with the filter's values added to them.
 */
export function whereClause(filter: RunListFilter, unit: Unit, params: unknown[]): { sql: string; params: unknown[] } {
  const conditions = conditionsOf(filter, unit);
  const terms = conditions.map(({ sql }, index) => `(${sql(`$${params.length + index + 1}`)})`);
  return { sql: ['true', ...terms].join(' AND '), params: [...params, ...conditions.map(({ value }) => value)] };
}

function conditionsOf(filter: RunListFilter, unit: Unit): Condition[] {
  const { metadata } = filter;
  const wanted: (Condition | undefined)[] = [
    given(filter.since, (since) => `${unit.createdAt} >= ${since}`),
    given(filter.until, (until) => `${unit.createdAt} <= ${until}`),
    given(filter.statuses, (statuses) => `${unit.status} = ANY (${statuses}::text[])`),
    given(filter.workflowIds, (ids) => `r.workflow_id = ANY (${ids}::uuid[])`),
    given(filter.traceId, (traceId) => `r.trace_id = ${traceId}`),
    given(filter.parentTaskId, (taskId) => `r.parent_task_id = ${taskId}`),
    given(filter.workerId, unit.workedOnBy),
    given(filter.eventId, (eventId) => `r.event_id = ${eventId}`),
    metadata &&
      given(metadata.pairs.length > 0 ? JSON.stringify(metadata.pairs) : undefined, METADATA[metadata.operator]),
  ];
  return wanted.filter((condition) => condition !== undefined);
}

const METADATA = {
  OR: (pairs: string) => `EXISTS (${pairsOf(pairs)} = pair ->> 1)`,
  AND: (pairs: string) => `NOT EXISTS (${pairsOf(pairs)} IS DISTINCT FROM pair ->> 1)`,
};

function pairsOf(parameter: string): string {
  return `SELECT FROM json_array_elements(${parameter}::json) AS pair WHERE r.additional_metadata ->> (pair ->> 0)`;
}

function given(value: unknown, sql: Condition['sql']): Condition | undefined {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : { sql, value };
}
