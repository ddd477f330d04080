import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { SPAN } from '../testing/span.ts';
import {
  listRunTraces,
  MAX_COUNTED_SPANS,
  MAX_SPANS_PER_TRACE,
  type SpanOwner,
  selectedSpans,
  storeSpans,
} from './index.ts';
import { PAGE } from './span-page.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const RUN = '33333333-3333-4333-8333-333333333333';
const CHILD = '44444444-4444-4444-8444-444444444444';
const UNTRACED = '55555555-5555-4555-8555-555555555555';
const WIDE = '0af7651916cd43dd8448eb211c80319c';
const HEAVY = '1bf7651916cd43dd8448eb211c80319d';
const LARGE = '3df7651916cd43dd8448eb211c80319f';
const ENDLESS = '2cf7651916cd43dd8448eb211c80319e';

const tenant: SpanOwner = { scope: 'tenant', tenantId: TENANT };

describe('traces of any size', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'trace pages test' });
    await migrate(database);
    await database.query(
      `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
                        additional_metadata, created_at, finished_at, trace_id, parent_task_id)
       VALUES ($1, $4, $4, $4, 'parent', 'COMPLETED', 1, '{}', '{}', '2026-01-01T10:00:00Z', '2026-01-01T10:00:02Z', $5, NULL),
              ($2, $4, $4, $4, 'child', 'FAILED', 1, '{}', '{}', '2026-01-01T10:00:01Z', '2026-01-01T10:00:02Z', $5, $1),
              ($3, $4, $4, $4, 'untraced', 'RUNNING', 1, '{}', '{}', '2026-01-01T10:00:03Z', NULL, NULL, NULL)`,
      [RUN, CHILD, UNTRACED, TENANT, WIDE],
    );
  });

  afterAll(async () => {
    await database.close();
    await temporary.drop();
  });

  /** Inserts consecutive spans directly, without the receiver. */
  const fill = (traceId: string, number: number) =>
    database.query(
      `INSERT INTO span (trace_id, span_id, owner_id, tenant_id, flags, name, kind, service_name, scope_name,
         scope_version, start_time, end_time, status_code, attributes, resource_attributes, events, links,
         dropped_attributes_count, dropped_events_count, dropped_links_count, run_id, retry_count)
       SELECT $1, lpad(to_hex(n), 16, '0'), $2, $2, 1, 'span ' || n, 'INTERNAL', '', '', '', n, n + 1,
         CASE WHEN n % 1000 = 0 THEN 'ERROR' ELSE 'UNSET' END, '{}', '{}', '[]', '[]', 0, 0, 0, $3, 0
       FROM generate_series(1, $4::int) AS n`,
      [traceId, TENANT, RUN, number],
    );

  it('are read in pages that together contain each span once', async () => {
    await fill(WIDE, 2_500);
    await fill(HEAVY, 10);
    const names: string[] = [];
    for (let offset = 0, total = 1; offset < total; offset += 1_000) {
      const page = await selectedSpans(database, TENANT, { runId: RUN }, { offset, limit: 1_000 });
      total = page!.total;
      names.push(...page!.rows.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    }
    expect(names).toHaveLength(2_510);
    expect(new Set(names).size).toBe(2_510);
  });

  it('are found by trace id', async () => {
    expect(await selectedSpans(database, TENANT, { traceId: HEAVY }, { offset: 8, limit: 5 })).toMatchObject({
      total: 10,
      rows: [{ name: 'span 9' }, { name: 'span 10' }],
    });
    expect(await selectedSpans(database, RUN, { traceId: HEAVY }, { offset: 0, limit: 5 })).toBeUndefined();
    expect(await selectedSpans(database, TENANT, { traceId: ENDLESS }, { offset: 0, limit: 5 })).toBeUndefined();
  });

  it('have pages of limited size: spans beyond the limit are returned without details', async () => {
    const text = 'x'.repeat(3_000_000);
    const large = Array.from({ length: 16 }, (_, index) => ({
      ...SPAN,
      traceId: LARGE,
      spanId: `00000000000000${(index + 16).toString(16)}`,
      startTime: SPAN.startTime + BigInt(index),
      attributes: { text },
    }));
    for (const span of large) await storeSpans(database, tenant, [span]);
    const page = await selectedSpans(database, TENANT, { traceId: LARGE }, { offset: 0, limit: 100 });
    expect(page?.rows.map(({ truncated }) => truncated)).toEqual([
      ...Array<boolean>(11).fill(false),
      ...Array<boolean>(5).fill(true),
    ]);
    expect(page?.rows[15]).toMatchObject({ name: 'span', attributes: {} });
    const next = await selectedSpans(database, TENANT, { traceId: LARGE }, { offset: 11, limit: 5 });
    expect(next?.rows.every(({ truncated }) => !truncated)).toBe(true);
  });

  it('end for the reader at the span limit', async () => {
    await fill(ENDLESS, MAX_SPANS_PER_TRACE + 5);
    const last = await selectedSpans(
      database,
      TENANT,
      { traceId: ENDLESS },
      { offset: MAX_SPANS_PER_TRACE - 1, limit: 10 },
    );
    expect([last?.total, last?.rows.length]).toEqual([MAX_SPANS_PER_TRACE, 1]);
    const beyond = await selectedSpans(
      database,
      TENANT,
      { traceId: ENDLESS },
      { offset: MAX_SPANS_PER_TRACE + 1, limit: 10 },
    );
    expect(beyond?.rows).toEqual([]);
  });

  it('are read through an index, no further than the page', async () => {
    await database.query('ANALYZE span');
    const { rows } = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${PAGE.replace('$1', `'${TENANT}'`).replace('$2', `'{${ENDLESS}}'`)}`
        .replaceAll('$3', '100')
        .replaceAll('$4', '200')
        .replaceAll('$5', '1000000')
        .replaceAll('$6', 'false'),
    );
    const scans = nodesOf(rows[0]!['QUERY PLAN'][0].Plan).filter((node) => node['Relation Name'] === 'span');
    expect(scans.map((scan) => scan['Index Name'])).toEqual([expect.any(String), expect.any(String)]);
    expect(Math.max(...scans.map((scan) => scan['Actual Rows']))).toBeLessThan(1_000);
  });

  it('are listed with their runs and the number of their spans', async () => {
    const listed = (children: boolean, more = {}) =>
      listRunTraces(database, TENANT, { children, ...more }, { offset: 0, limit: 10 });
    const parent = { runId: RUN, status: 'COMPLETED', traceId: WIDE, spanCount: MAX_COUNTED_SPANS };
    expect(await listed(false)).toMatchObject({
      total: 2,
      rows: [{ runId: UNTRACED, traceId: null, spanCount: 0, errorCount: 0, finishedAt: null }, parent],
    });
    expect(await listed(true)).toMatchObject({ total: 3, rows: [{}, { runId: CHILD, spanCount: 0 }, parent] });
    expect(await listed(true, { statuses: ['FAILED'] })).toMatchObject({ total: 1, rows: [{ runId: CHILD }] });
  });
});

/** Fields of a query plan node that the test compares. */
interface Plan {
  Plans?: Plan[];
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
