import { randomUUIDv7 } from 'node:crypto';
import type { Queryable } from '../database/transaction.ts';
import type { DeclaredCrons } from '../workflows/definition.ts';
import { nextFireAt } from './cron-expression.ts';

/**
 * Makes the crons that a workflow declares those that it has; those of the API are left alone. One that it had before
 * goes on: a worker that starts again moves no firing.
 *
 * @throws CronExpressionError
 */
export async function declareCrons(
  transaction: Queryable,
  { tenantId, workflowId }: { tenantId: string; workflowId: string },
  { expressions, input }: DeclaredCrons = { expressions: [], input: '{}' },
): Promise<void> {
  const next = expressions.map((expression) => nextFireAt(expression, new Date()));
  await transaction.query(
    `WITH gone AS (
       DELETE FROM cron WHERE workflow_id = $2 AND method = 'DEFAULT' AND expression <> ALL ($4::text[])
     )
     INSERT INTO cron (id, tenant_id, workflow_id, method, name, expression, input, additional_metadata, next_fire_at)
     SELECT x.id, $1, $2, 'DEFAULT', '', x.expression, $5, '{}', x.next_fire_at
     FROM unnest($3::uuid[], $4::text[], $6::timestamptz[]) AS x (id, expression, next_fire_at)
     ON CONFLICT (workflow_id, method, name, expression) DO UPDATE SET input = excluded.input, updated_at = now()
       WHERE cron.input <> excluded.input`,
    [tenantId, workflowId, expressions.map(() => randomUUIDv7()), expressions, input, next],
  );
}
