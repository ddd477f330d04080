import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../runs/columns.ts';

/** The workers of one tenant that take work and run the same SDK. */
export interface WorkerCensus {
  tenantId: string;
  /** What the SDK said about itself; empty where it said nothing. */
  sdk: { language: string; version: string; os: string; languageVersion: string };
  workers: number;
  /** Slots of these workers, by kind. */
  slots: Record<string, number>;
}

/** Counts the workers that were heard of since `aliveSince` and take work: neither paused nor unsubscribed. */
export async function workerCensus(db: Queryable, aliveSince: EpochMs): Promise<WorkerCensus[]> {
  const { rows } = await db.query<WorkerCensus>(
    `WITH active AS (
       SELECT id, tenant_id, slots, jsonb_build_object(
         'language', coalesce(runtime->>'language', ''),
         'version', coalesce(runtime->>'sdkVersion', ''),
         'os', coalesce(runtime->>'os', ''),
         'languageVersion', coalesce(runtime->>'languageVersion', '')) AS sdk
       FROM worker
       WHERE last_heartbeat_at > ${timestamp('$1')} AND NOT paused AND unsubscribed_at IS NULL
     ), slots AS (
       SELECT tenant_id, sdk, kind, sum(units::int)::int AS units
       FROM active, jsonb_each_text(slots) AS slot (kind, units) GROUP BY tenant_id, sdk, kind
     )
     SELECT tenant_id AS "tenantId", sdk, count(*)::int AS workers,
       coalesce((SELECT jsonb_object_agg(kind, units) FROM slots
         WHERE slots.tenant_id = active.tenant_id AND slots.sdk = active.sdk), '{}') AS slots
     FROM active GROUP BY tenant_id, sdk ORDER BY tenant_id, sdk::text`,
    [aliveSince],
  );
  return rows;
}
