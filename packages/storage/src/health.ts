import type { Queryable } from './database/transaction.ts';
import { type EpochMs, timestamp } from './sql/epoch-ms.ts';

/** PostgreSQL's statistics of one table of the schema. */
export interface TableHealth {
  table: string;
  /** Dead rows per hundred live rows. Null below {@link MIN_ROWS} rows. */
  deadTuplePercent: number | null;
  /** Percentage of block reads that were served from memory. Null before the first read. */
  cacheHitPercent: number | null;
  /** Null if autovacuum has never processed the table. */
  secondsSinceAutovacuum: number | null;
}

/** PostgreSQL's statistics of the whole database. */
export interface DatabaseHealth {
  tables: TableHealth[];
  /** Statements on this database that have been running for more than five minutes. */
  longRunningQueries: number;
  /** Vacuums that are running on this database. */
  vacuums: number;
  /** Seconds since the oldest running vacuum started. */
  oldestVacuumSeconds: number;
}

/** Row count below which a percentage is meaningless. Hatchet uses the same limit. */
const MIN_ROWS = 1000;

/** Reads PostgreSQL's statistics. Cheap, but not meant for every second. */
export async function databaseHealth(db: Queryable): Promise<DatabaseHealth> {
  const { rows: tables } = await db.query<TableHealth>(
    `SELECT stat.relname AS "table",
       CASE WHEN n_dead_tup > $1 AND n_live_tup > $1 THEN 100.0 * n_dead_tup / n_live_tup END::float8
         AS "deadTuplePercent",
       (100.0 * heap_blks_hit / nullif(heap_blks_hit + heap_blks_read, 0))::float8 AS "cacheHitPercent",
       extract(epoch FROM now() - last_autovacuum)::float8 AS "secondsSinceAutovacuum"
     FROM pg_stat_user_tables stat JOIN pg_statio_user_tables io USING (relid)
     WHERE stat.schemaname = current_schema
     ORDER BY stat.relname`,
    [MIN_ROWS],
  );
  const { rows: activity } = await db.query<{ queries: number }>(
    `SELECT count(*)::int AS queries FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'active' AND backend_type = 'client backend'
       AND pid <> pg_backend_pid() AND now() - query_start > interval '5 minutes'`,
  );
  const { rows: vacuum } = await db.query<{ vacuums: number; seconds: number }>(
    `SELECT count(*)::int AS vacuums,
       coalesce(max(extract(epoch FROM now() - activity.xact_start)), 0)::float8 AS seconds
     FROM pg_stat_progress_vacuum progress JOIN pg_stat_activity activity USING (pid)
     WHERE progress.datname = current_database()`,
  );
  return {
    tables,
    longRunningQueries: activity[0]?.queries ?? 0,
    vacuums: vacuum[0]?.vacuums ?? 0,
    oldestVacuumSeconds: vacuum[0]?.seconds ?? 0,
  };
}

/** Queued tasks of one tenant. */
export interface QueueDepth {
  tenantId: string;
  tasks: number;
  /** Waiting time of the oldest queued task. */
  oldestSeconds: number;
}

/** Counts the queued tasks of each tenant. Tenants without queued tasks have no row. */
export async function queueDepths(db: Queryable): Promise<QueueDepth[]> {
  const { rows } = await db.query<QueueDepth>(
    `SELECT tenant_id AS "tenantId", count(*)::int AS tasks,
       greatest(extract(epoch FROM now() - min(queued_at)), 0)::float8 AS "oldestSeconds"
     FROM task WHERE status = 'QUEUED' GROUP BY tenant_id ORDER BY tenant_id`,
  );
  return rows;
}

/** Active workers of one tenant that run the same SDK. */
export interface WorkerCensus {
  tenantId: string;
  /** As the SDK reported it; empty strings if it did not. */
  sdk: { language: string; version: string; os: string; languageVersion: string };
  workers: number;
  /** Total slots of these workers, by kind. */
  slots: Record<string, number>;
}

/** Counts the active workers: those with a heartbeat since `aliveSince` that are neither paused nor unsubscribed. */
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
