import type { Queryable } from '../database/transaction.ts';
import { allOf, given } from './conditions.ts';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** A line that a task wrote; the metadata are a JSON text. */
export interface LogLineView {
  createdAt: Date;
  message: string;
  level: LogLevel;
  metadata: string;
  retryCount: number;
  taskName: string;
}

/** What is left out restricts nothing; an empty list neither. */
export interface LogFilter {
  since?: Date;
  until?: Date;
  /** Part of the message, in any case. */
  search?: string;
  levels?: LogLevel[];
  retryCount?: number;
}

/** What a task of a tenant has logged, in all its attempts. */
export async function listLogLines(
  db: Queryable,
  tenantId: string,
  taskId: string,
  filter: LogFilter,
  { direction, limit }: { direction: 'ASC' | 'DESC'; limit: number },
): Promise<LogLineView[]> {
  const where = allOf(
    [
      given(filter.since, (since) => `l.created_at >= ${since}`),
      given(filter.until, (until) => `l.created_at <= ${until}`),
      given(filter.search, (text) => `strpos(lower(l.message), lower(${text})) > 0`),
      given(filter.levels, (levels) => `l.level = ANY (${levels}::text[])`),
      given(filter.retryCount, (retryCount) => `l.retry_count = ${retryCount}`),
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
