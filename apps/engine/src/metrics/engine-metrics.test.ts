import { Database, migrate } from '@hatchet-ts/storage';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { insertWorker } from '@hatchet-ts/storage/workers';
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { now } from '../clock.ts';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from '../testing/engine.ts';
import { reportEngineMetrics } from './engine-metrics.ts';
import { DATABASE_INSTRUMENTS, type Instrument, QUEUE_INSTRUMENTS, WORKER_INSTRUMENTS } from './instruments.ts';

/** Reads on demand; a series that is not observed is absent, as in a service's export. */
class OnDemand extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA });
  }
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

const INSTRUMENTS: Instrument[] = [WORKER_INSTRUMENTS, QUEUE_INSTRUMENTS, DATABASE_INSTRUMENTS].flatMap((table) =>
  Object.values<Instrument>(table),
);

let temporary: TemporaryDatabase;
let db: Database;
let reader: OnDemand;
let provider: MeterProvider;
let mayRun = true;
let errors: unknown[];
let end = () => {};

beforeAll(async () => {
  temporary = await temporaryDatabase();
  db = new Database(temporary.url, { applicationName: 'test' });
  await migrate(db);
});
afterAll(async () => {
  await db.close();
  await temporary.drop();
});
beforeEach(() => {
  reader = new OnDemand();
  provider = new MeterProvider({ readers: [reader] });
  mayRun = true;
  errors = [];
  end = reportEngineMetrics({
    db,
    meterProvider: provider,
    heartbeat: 30_000,
    mayRun: () => mayRun,
    onError: (error) => errors.push(error),
    maxAge: { workers: 0, queue: 0, database: 0 },
  });
});
afterEach(async () => {
  end();
  await provider.shutdown();
  await db.query('TRUNCATE worker, run CASCADE');
});

/** Series of a metric, `attributes → value`, and its unit. */
async function series(name: string): Promise<Record<string, number>> {
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === name);
  return Object.fromEntries(
    found.flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [Object.values(attributes).join(' '), Number(value)]),
    ),
  );
}

async function worker(
  slots: Record<string, number>,
  more: { runtime?: Record<string, unknown>; silentMs?: number } = {},
) {
  const id = crypto.randomUUID();
  await insertWorker(db, {
    id,
    tenantId: DEFAULT_TENANT,
    name: 'worker',
    actions: [],
    slots,
    labels: {},
    runtime: more.runtime ?? {},
    lastHeartbeatAt: now() - (more.silentMs ?? 0),
  });
  return id;
}

describe('the workers', () => {
  const typescript = { sdkVersion: '1.33.2', language: 3, languageVersion: 'v24.21.0', os: 'linux' };

  it('are counted with their slots and SDKs, by tenant', async () => {
    await worker({ default: 100, durable: 10 }, { runtime: typescript });
    await worker({ default: 5 }, { runtime: typescript });
    await worker({ default: 1 });
    expect(await series('hatchet.workers.active_count')).toEqual({ [DEFAULT_TENANT]: 3 });
    expect(await series('hatchet.workers.active_slots')).toEqual({ [DEFAULT_TENANT]: 116 });
    expect(await series('hatchet.workers.active_slots.by_key')).toEqual({
      [`${DEFAULT_TENANT} default`]: 106,
      [`${DEFAULT_TENANT} durable`]: 10,
    });
    expect(await series('hatchet.workers.active_sdks')).toEqual({
      [`${DEFAULT_TENANT} TYPESCRIPT 1.33.2 linux v24.21.0`]: 2,
      [`${DEFAULT_TENANT} UNKNOWN   `]: 1,
    });
  });

  it('do not count without heartbeats, paused or leaving, and the series ends with the last one', async () => {
    const [paused, leaving] = [await worker({ default: 1 }), await worker({ default: 1 })];
    await worker({ default: 1 }, { silentMs: 31_000 });
    expect(await series('hatchet.workers.active_count')).toEqual({ [DEFAULT_TENANT]: 2 });
    await db.query('UPDATE worker SET paused = true WHERE id = $1', [paused]);
    await db.query('UPDATE worker SET unsubscribed_at = now() WHERE id = $1', [leaving]);
    for (const { name } of Object.values(WORKER_INSTRUMENTS)) expect(await series(name)).toEqual({});
  });
});

describe('the queue', () => {
  it('has a size and an age while tasks are queued', async () => {
    const run = crypto.randomUUID();
    await db.query(
      `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
         additional_metadata, created_at)
       VALUES ($1, $2, $1, $1, 'x', 'QUEUED', 1, '{}', '{}', now())`,
      [run, DEFAULT_TENANT],
    );
    await db.query(
      `INSERT INTO task (id, run_id, tenant_id, step, name, action, status, priority, timeout_ms, created_at, queued_at)
       SELECT gen_random_uuid(), $1, $2, 0, 'x', 'x', status, 1, 1000, now(), now() - interval '90 s'
       FROM unnest(ARRAY['QUEUED', 'QUEUED', 'RUNNING']) AS status`,
      [run, DEFAULT_TENANT],
    );
    expect(await series('hatchet.queue.size')).toEqual({ [DEFAULT_TENANT]: 2 });
    const { [DEFAULT_TENANT]: age } = await series('hatchet.queue.oldest_age');
    expect(age).toBeGreaterThanOrEqual(90);
    expect(age).toBeLessThan(200);
    await db.query('DELETE FROM run');
    expect(await series('hatchet.queue.size')).toEqual({});
  });
});

describe('the database', () => {
  it('shows bloat once a table has more than half as many dead rows as live ones', async () => {
    expect(await series('hatchet.db.bloat.count')).toEqual({ ok: 0 });
    await db.query('CREATE TABLE bloated (n int) WITH (autovacuum_enabled = false)');
    await db.query('INSERT INTO bloated SELECT generate_series(1, 3000)');
    await db.transaction(async (transaction) => {
      await transaction.query('DELETE FROM bloated WHERE n > 1500');
    });
    // A session's statistics become visible to others when it flushes them.
    await db.transaction(async (transaction) => {
      await transaction.query('SELECT pg_stat_force_next_flush()');
    });
    await db.query('ANALYZE bloated');
    expect(await series('hatchet.db.bloat.dead_tuple_percent')).toEqual({ bloated: 100 });
    expect(await series('hatchet.db.bloat.count')).toEqual({ warn: 1 });
    expect((await series('hatchet.db.query_cache.hit_ratio')).bloated).toBeGreaterThan(0);
    await db.query('VACUUM bloated');
    await db.query('DROP TABLE bloated');
  });

  it('shows long-running queries and vacuums, and every table by name', async () => {
    expect(await series('hatchet.db.long_running_queries.count')).toEqual({ '': 0 });
    expect(await series('hatchet.db.long_running_vacuum.count')).toEqual({ ok: 0 });
    // PostgreSQL updates its statistics with a short delay
    const tables = async () => Object.keys(await series('hatchet.db.query_cache.hit_ratio'));
    await expect.poll(tables, { timeout: 20_000 }).toEqual(expect.arrayContaining(['run', 'task', 'worker']));
  });
});

describe('the metrics', () => {
  it('each have a unit and a description, and only the attributes of the table', async () => {
    await worker({ default: 1 });
    const { resourceMetrics } = await reader.collect();
    for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
      const row = INSTRUMENTS.find(({ name }) => name === descriptor.name);
      expect(row).toMatchObject({ unit: descriptor.unit, description: descriptor.description });
      for (const { attributes } of dataPoints) expect(Object.keys(attributes)).toEqual(row?.attributes);
    }
  });

  it('are reported only by the engine that may run', async () => {
    await worker({ default: 1 });
    mayRun = false;
    for (const { name } of INSTRUMENTS) expect(await series(name)).toEqual({});
  });

  it('have gaps while the database cannot be read, report the error once, and return', async () => {
    await worker({ default: 1 });
    await db.query('ALTER TABLE worker RENAME TO away');
    expect(await series('hatchet.workers.active_count')).toEqual({});
    expect(await series('hatchet.workers.active_count')).toEqual({});
    expect(errors).toEqual([expect.objectContaining({ message: 'relation "worker" does not exist' })]);
    await db.query('ALTER TABLE away RENAME TO worker');
    expect(await series('hatchet.workers.active_count')).toEqual({ [DEFAULT_TENANT]: 1 });
  });

  it('stop with the engine', async () => {
    await worker({ default: 1 });
    end();
    expect(await series('hatchet.workers.active_count')).toEqual({});
  });
});

describe('an engine', () => {
  let fixture: EngineFixture | undefined;
  afterEach(() => fixture?.stop());

  it('reports a connected worker of the official SDK', async () => {
    fixture = await engineFixture({}, false, provider);
    const client = await fixture.client();
    const echo = client.task({ name: 'echo', fn: () => ({ done: true }) });
    await fixture.work(client, [echo], { slots: 7 });
    expect((await series('hatchet.workers.active_slots.by_key'))[`${DEFAULT_TENANT} default`]).toBe(7);
    const [sdk] = Object.keys(await series('hatchet.workers.active_sdks'));
    expect(sdk).toMatch(new RegExp(`^${DEFAULT_TENANT} TYPESCRIPT 1\\.33\\.2 `));
  });
});
