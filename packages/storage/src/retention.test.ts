import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { type TemporaryDatabase, temporaryDatabase } from './embedded/index.ts';
import { firstIdOf, prune, type RetentionKind, STATEMENTS } from './retention.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const NOW = new Date('2026-03-01T00:00:00Z');
const NUMBER = 20_000;

describe('retention', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  /** One row per minute of each kind. The oldest run is unfinished, and the second oldest has just finished. */
  beforeAll(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'retention test' });
    await migrate(database);
    const minutes = `SELECT n, $1::timestamptz - n * interval '1 minute' AS at FROM generate_series(1, ${NUMBER}) AS n`;
    const id = `(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n), 19, '8'))::uuid`;
    await database.query(
      `WITH minute AS (${minutes}), made AS (
         INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
                          additional_metadata, created_at, finished_at)
         SELECT ${id}, $2, $2, $2, 'order', 'COMPLETED', 1, '{}', '{}', at,
           CASE n WHEN ${NUMBER} THEN NULL WHEN ${NUMBER - 1} THEN $1 ELSE at END FROM minute RETURNING id, created_at)
       INSERT INTO task (id, run_id, tenant_id, step, name, action, status, priority, timeout_ms, created_at)
       SELECT id, id, $2, 0, 'pay', 'order:pay', 'COMPLETED', 1, 60000, created_at FROM made`,
      [NOW, TENANT],
    );
    await database.query(
      `INSERT INTO event (id, tenant_id, key, payload, additional_metadata, created_at)
       SELECT ${id}, $2, 'key', '{}', '{}', at FROM (${minutes}) AS minute`,
      [NOW, TENANT],
    );
    await database.query(
      `INSERT INTO span (trace_id, span_id, owner_id, flags, name, kind, service_name, scope_name, scope_version,
         start_time, end_time, status_code, attributes, resource_attributes, events, links,
         dropped_attributes_count, dropped_events_count, dropped_links_count, retry_count, received_at)
       SELECT md5(n::text), lpad(to_hex(n), 16, '0'), $2, 1, '', '', '', '', '', 1, 2, '', '{}', '{}', '[]', '[]',
         0, 0, 0, 0, at FROM (${minutes}) AS minute`,
      [NOW, TENANT],
    );
    await database.query(
      `INSERT INTO log_line (tenant_id, run_id, task_id, retry_count, level, message, metadata, created_at)
       SELECT $2, gen_random_uuid(), gen_random_uuid(), 0, 'INFO', '', '{}', at FROM (${minutes}) AS minute`,
      [NOW, TENANT],
    );
    await database.query(
      `WITH workflow AS (INSERT INTO workflow (id, tenant_id, name, version_id, created_at, updated_at)
         VALUES ($2, $2, 'order', $2, now(), now()) RETURNING id)
       INSERT INTO schedule (id, tenant_id, workflow_id, method, trigger_at, input, additional_metadata, fired_at)
       SELECT gen_random_uuid(), $2, workflow.id, 'API', at, '{}', '{}', CASE WHEN n % 2 = 0 THEN at END
       FROM (${minutes}) AS minute, workflow`,
      [NOW, TENANT],
    );
    await database.query(
      `INSERT INTO worker (id, tenant_id, name, actions, slots, labels, runtime, registered_at, last_heartbeat_at)
       SELECT ${id}, $2, 'worker', '{}', '{}', '{}', '{}', at, at FROM (${minutes}) AS minute WHERE n % 100 = 0`,
      [NOW, TENANT],
    );
    await database.query('ANALYZE');
  });

  afterAll(async () => {
    await database.close();
    await temporary.drop();
  });

  it.each(Object.keys(STATEMENTS).filter((what) => what !== 'worker') as RetentionKind[])(
    'finds the oldest rows of each kind through an index (%s)',
    async (what) => {
      const statement = STATEMENTS[what]
        .replaceAll('$1', `'2026-02-20'`)
        .replaceAll('$2', '1000')
        .replaceAll('$3', `'${firstIdOf(new Date('2026-02-20'))}'`);
      const { rows } = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statement}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Index/);
      expect(plan).not.toMatch(/Seq Scan/);
    },
  );

  it.each([
    ['run', 'run', NUMBER - 1_440 - 2],
    ['event', 'event', NUMBER - 1_440],
    ['span', 'span', NUMBER - 1_440],
    ['log line', 'log_line', NUMBER - 1_440],
    ['schedule', 'schedule', (NUMBER - 1_440) / 2],
    ['worker', 'worker', Math.ceil((NUMBER - 1_440) / 100)],
  ] as const)('deletes only the rows older than a day, in batches (%s)', async (what, table, old) => {
    const before = new Date(NOW.getTime() - 86_400_000);
    const { rows } = await database.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${table}`);
    let deleted = 0;
    for (let last = 5_000; last === 5_000; ) deleted += last = await prune(database, what, before, 5_000);
    expect(deleted).toBe(old);
    const left = await database.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${table}`);
    expect(left.rows[0]?.total).toBe(rows[0]!.total - deleted);
  });

  it('deletes the tasks of a deleted run', async () => {
    const { rows } = await database.query(
      'SELECT (SELECT count(*)::int FROM task) AS tasks, (SELECT count(*)::int FROM run) AS runs',
    );
    expect(rows).toEqual([{ tasks: 1_442, runs: 1_442 }]);
  });
});
