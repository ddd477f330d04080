import { beforeEach, expect } from 'vitest';
import type { Database } from '../database/database.ts';
import { it, TENANT } from '../testing/database.ts';
import { SPAN, TRACE } from '../testing/span.ts';
import {
  type ArrivedSpans,
  allSpans,
  arrivedSpans,
  currentCursor,
  type SpanRecord,
  type StoredSpan,
  storeSpans,
} from './index.ts';
import { ARRIVED } from './span-stream.ts';

const RUN = '33333333-3333-4333-8333-333333333333';
const ATTEMPT_TRACE = '1bf7651916cd43dd8448eb211c80319d';
const OWNER = { scope: 'tenant', tenantId: TENANT } as const;

let number = 0;
const span = (name: string, more: Partial<SpanRecord> = {}): SpanRecord => ({
  ...SPAN,
  spanId: (++number).toString(16).padStart(16, '0'),
  name,
  ...more,
});

async function names({ batches }: Pick<ArrivedSpans, 'batches'>): Promise<string[]> {
  return (await collect(batches)).flat().map(({ name }) => name);
}

async function collect(batches: AsyncIterable<StoredSpan[]>): Promise<StoredSpan[][]> {
  const all: StoredSpan[][] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

async function addRun(database: Database): Promise<void> {
  await database.query(
    `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
      additional_metadata, created_at, trace_id)
     VALUES ($1, $2, $1, $1, 'order', 'RUNNING', 1, '{}', '{}', now(), $3) ON CONFLICT DO NOTHING`,
    [RUN, TENANT, TRACE],
  );
}

beforeEach<{ database: Database }>(async ({ database }) => {
  await database.query('TRUNCATE span');
  await addRun(database);
});

it('reads each span once, also one whose transaction commits after a later one', async ({ database }) => {
  await storeSpans(database, OWNER, [span('before')]);
  const cursor = await currentCursor(database);
  const slow = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const committed = database.transaction(async (transaction) => {
    await storeSpans(transaction, OWNER, [span('slow')]);
    stored.resolve();
    await slow.promise;
  });
  await stored.promise;
  await storeSpans(database, OWNER, [span('fast')]);
  const first = await arrivedSpans(database, TENANT, RUN, cursor);
  expect(await names(first)).toEqual(['fast']);
  slow.resolve();
  await committed;
  const second = await arrivedSpans(database, TENANT, RUN, first.cursor);
  expect(await names(second)).toEqual(['slow']);
  expect(await names(await arrivedSpans(database, TENANT, RUN, second.cursor))).toEqual([]);
  expect(await names(await arrivedSpans(database, TENANT, RUN, undefined))).toEqual(['before', 'slow', 'fast']);
});

it('reads a trace as a whole once a span in it names the run', async ({ database }) => {
  await storeSpans(database, OWNER, [span('early', { traceId: ATTEMPT_TRACE })]);
  const { cursor } = await arrivedSpans(database, TENANT, RUN, undefined);
  const attributes = { 'hatchet.workflow_run_id': RUN };
  await storeSpans(database, OWNER, [span('attempt', { traceId: ATTEMPT_TRACE, attributes })]);
  const next = await arrivedSpans(database, TENANT, RUN, cursor);
  expect(await names(next)).toEqual(['early', 'attempt']);
  await storeSpans(database, OWNER, [span('late', { traceId: ATTEMPT_TRACE })]);
  expect(await names(await arrivedSpans(database, TENANT, RUN, next.cursor))).toEqual(['late']);
});

it('reads whole traces of any size in batches of limited size, nothing truncated', async ({ database }) => {
  const text = 'x'.repeat(3_000_000);
  for (let i = 0; i < 16; i++) await storeSpans(database, OWNER, [span('large', { attributes: { text } })]);
  await storeSpans(
    database,
    OWNER,
    Array.from({ length: 1_200 }, () => span('small')),
  );
  const batches = await collect(allSpans(database, TENANT, [TRACE]));
  const spans = batches.flat();
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(1_216);
  expect(spans.filter(({ attributes }) => attributes.text === text)).toHaveLength(16);
  expect(spans.some(({ truncated }) => truncated)).toBe(false);
  expect(Math.max(...batches.map((batch) => batch.filter(({ name }) => name === 'large').length))).toBe(2);
});

it('leaves out the spans of services, not the engine’s account of the run', async ({ database }) => {
  const attributes = { 'hatchet.tenant_id': TENANT };
  await storeSpans(database, { scope: 'operator' }, [
    span('hatchet.run/queue', { attributes }),
    span('hatchet.engine.queued', { attributes }),
  ]);
  await storeSpans(database, OWNER, [span('task')]);
  const read = async (withoutServices: boolean) =>
    (await names({ batches: allSpans(database, TENANT, [TRACE], { withoutServices }) })).sort();
  expect(await read(false)).toEqual(['hatchet.engine.queued', 'hatchet.run/queue', 'task']);
  expect(await read(true)).toEqual(['hatchet.engine.queued', 'task']);
});

// Retried, as an open transaction of another test on the same server holds every cursor back.
it('reads no more of the table than what has arrived', { retry: 10 }, async ({ database }) => {
  const cursor = await currentCursor(database);
  await storeSpans(
    database,
    OWNER,
    Array.from({ length: 3_000 }, () => span('old')),
  );
  const after = await currentCursor(database);
  await storeSpans(database, OWNER, [span('new')]);
  const now = await currentCursor(database);
  await database.query('ANALYZE span');
  const { rows } = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${ARRIVED.replaceAll('$1', `'${TENANT}'`)
      .replaceAll('$2', `'{${TRACE}}'`)
      .replaceAll('$3', "''")
      .replaceAll('$4', "''")
      .replaceAll('$5', `'${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}'`)
      .replaceAll('$6', `'${after}'`)
      .replaceAll('$7', `'${now}'`)}`,
  );
  const scans = nodesOf(rows[0]!['QUERY PLAN'][0].Plan).filter((node) => node['Relation Name'] === 'span');
  expect(cursor).not.toBe(after);
  expect(scans.map((scan) => scan['Index Name'])).toEqual(['span_trace_stored']);
  expect(scans[0]!['Actual Rows']).toBe(1);
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
