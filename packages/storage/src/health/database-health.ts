import type { Queryable } from '../database/transaction.ts';

/** How one table of the schema does, by PostgreSQL's own statistics. */
export interface TableHealth {
  table: string;
  /** Dead rows per hundred live ones; null while there are too few rows to say. */
  deadTuplePercent: number | null;
  /** Share of its blocks that were in memory, in percent; null when nothing was read yet. */
  cacheHitPercent: number | null;
  /** Null when it never was. */
  secondsSinceAutovacuum: number | null;
}

export interface DatabaseHealth {
  tables: TableHealth[];
  /** Statements of this database that have been running for more than five minutes. */
  longRunningQueries: number;
  /** Vacuums of this database under way. */
  vacuums: number;
  /** Seconds that the oldest of them has been running. */
  oldestVacuumSeconds: number;
}

/** Below so many rows a percentage says nothing; Hatchet's own rule. */
const ENOUGH_ROWS = 1000;

/** Reads the statistics that PostgreSQL keeps; cheap, though not for every second. */
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
    [ENOUGH_ROWS],
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
