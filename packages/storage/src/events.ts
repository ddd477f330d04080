import type { Queryable } from './database/transaction.ts';
import { type EpochMs, timestamp } from './sql/epoch-ms.ts';

/** A pushed event to store. */
export interface NewEvent {
  id: string;
  tenantId: string;
  key: string;
  /** JSON text. */
  payload: string;
  additionalMetadata: Record<string, unknown>;
  scope?: string;
  createdAt: EpochMs;
}

export async function insertEvents(db: Queryable, events: readonly NewEvent[]): Promise<void> {
  await db.query(
    {
      name: 'insert-events',
      text: `INSERT INTO event (id, tenant_id, key, payload, additional_metadata, scope, created_at)
        SELECT x.id, x."tenantId", x.key, x.payload, x."additionalMetadata", x.scope, ${timestamp('x."createdAt"')}
        FROM json_to_recordset($1) AS x (id uuid, "tenantId" uuid, key text, payload text, "additionalMetadata" jsonb,
          scope text, "createdAt" float8)`,
    },
    [JSON.stringify(events)],
  );
}
