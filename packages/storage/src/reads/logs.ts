import type { Queryable } from '../database/transaction.ts';
import { condition, joinConditions } from '../sql/conditions.ts';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** A log line of a task. The metadata is JSON text. */
export interface LogLineView {
  createdAt: Date;
  message: string;
  level: LogLevel;
  metadata: string;
  retryCount: number;
  taskName: string;
}

/** Filter for log lines. A missing field or an empty list restricts nothing. */
export interface LogFilter {
  since?: Date;
  until?: Date;
  /** Part of the message, case-insensitive. */
  search?: string;
  levels?: LogLevel[];
  retryCount?: number;
}

/** Lists the log lines of a tenant's task, in all its attempts. */
export async function listLogLines(
  db: Queryable,
  tenantId: string,
  taskId: string,
  filter: LogFilter,
  { direction, limit }: { direction: 'ASC' | 'DESC'; limit: number },
): Promise<LogLineView[]> {
  const where = joinConditions(
    [
      condition(filter.since, (since) => `l.created_at >= ${since}`),
      condition(filter.until, (until) => `l.created_at <= ${until}`),
      condition(filter.search, (text) => `strpos(lower(l.message), lower(${text})) > 0`),
      condition(filter.levels, (levels) => `l.level = ANY (${levels}::text[])`),
      condition(filter.retryCount, (retryCount) => `l.retry_count = ${retryCount}`),
    ],
    [tenantId, taskId],
  );
  const { rows } = await db.query<LogLineView>(
    `SELECT l.created_at AS "createdAt", l.message, l.level, l.metadata::text AS metadata,
       l.retry_count AS "retryCount", t.name AS "taskName"
     FROM log_line l JOIN task t ON t.id = l.task_id
     WHERE l.tenant_id = $1 AND l.task_id = $2 AND ${where.sql}
     ORDER BY l.created_at ${direction}, l.id ${direction} LIMIT ${Math.trunc(limit)}`,
    where.params,
  );
  return rows;
}
