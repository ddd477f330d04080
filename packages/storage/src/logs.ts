import type { Queryable } from './database/transaction.ts';
import type { LogLevel } from './reads/logs.ts';

/** A log line of a task to store. */
export interface NewLogLine {
  taskId: string;
  retryCount: number;
  level: LogLevel;
  message: string;
  metadata: Record<string, unknown>;
  /** The worker's timestamp. */
  createdAt: Date;
}

/** Stores log lines, except those of other tenants' tasks. Returns the number of stored lines. */
export async function insertLogLines(db: Queryable, tenantId: string, lines: readonly NewLogLine[]): Promise<number> {
  const { rowCount } = await db.query(INSERT, [tenantId, JSON.stringify(lines), lines.map(({ taskId }) => taskId)]);
  return rowCount ?? 0;
}

const INSERT = {
  name: 'insert-log-lines',
  text: `
INSERT INTO log_line (tenant_id, run_id, task_id, retry_count, level, message, metadata, created_at)
SELECT t.tenant_id, t.run_id, t.id, x."retryCount", x.level, x.message, x.metadata, x."createdAt"
FROM json_to_recordset($2) AS x ("taskId" uuid, "retryCount" integer, level text, message text, metadata jsonb,
  "createdAt" timestamptz)
JOIN task t ON t.id = x."taskId" AND t.id = ANY ($3::uuid[]) AND t.tenant_id = $1`,
};
