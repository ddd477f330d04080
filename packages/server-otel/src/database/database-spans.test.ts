import type { TemporaryDatabase } from '@hatchet-ts/storage/embedded';
import { type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runSpan, untraced, withTenant } from '../index.ts';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';

let recording: Recording;
let database: TemporaryDatabase;
let pool: Pool;

beforeAll(async () => {
  // As in the services, pg is loaded after telemetry has started.
  await startRecording().telemetry.shutdown();
  const { temporaryDatabase } = await import('@hatchet-ts/storage/embedded');
  const { default: pg } = await import('pg');
  database = await temporaryDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 1 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(() => recording.telemetry.shutdown());

const remote = (traceId: string): SpanContext => ({ traceId, spanId: CALLER, traceFlags: 1, isRemote: true });
const name = () => new URL(database.url).pathname.slice(1);

describe('a query', () => {
  it('below a recorded span is a CLIENT span with the statement, without its parameters', async () => {
    await withTenant('tenant-1', () =>
      runSpan('queue', { parent: remote(KEPT) }, () => pool.query('SELECT $1::text', ['secret'])),
    );
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL ← ${CALLER}\n  pg.query:SELECT ${name()} CLIENT`);
    const query = (await recording.spans()).find((span) => span.name.startsWith('pg.query'));
    const { port, hostname } = new URL(database.url);
    expect(query?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': name(),
      'db.query.text': 'SELECT $1::text',
      'server.address': hostname,
      'server.port': Number(port),
      'hatchet.run/tenant.id': 'tenant-1',
    });
  });

  it('that fails has status ERROR', async () => {
    const failing = runSpan('queue', { parent: remote(KEPT) }, () => pool.query('SELECT 1/0'));
    await expect(failing).rejects.toThrow('division by zero');
    const query = (await recording.spans()).find((span) => span.name.startsWith('pg.query'));
    expect(query?.status.code).toBe(SpanStatusCode.ERROR);
  });

  it.each([
    ['without a span', () => pool.query('SELECT 1')],
    [
      'below a trace that is dropped',
      () => runSpan('queue', { parent: remote(DROPPED) }, () => pool.query('SELECT 1')),
    ],
    [
      'of untraced work',
      () => runSpan('queue', { parent: remote(DROPPED) }, () => untraced(() => pool.query('SELECT 1'))),
    ],
  ])('%s makes none', async (_where, query) => {
    await query();
    expect(await recording.tree()).toBe('');
  });

  it('of untraced work below a recorded span has no span', async () => {
    await runSpan('queue', { parent: remote(KEPT) }, () => untraced(() => pool.query('SELECT 1')));
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL ← ${CALLER}`);
  });

  it('that waited for the connection of another one stays in its own trace', async () => {
    const other = { ...remote('1'.repeat(32)), spanId: 'a'.repeat(16) };
    // One connection for all: the second and third query are started when the first gives it back.
    await Promise.all([
      runSpan('queue', { parent: remote(KEPT) }, () => pool.query("SELECT 'first' FROM pg_sleep(0.05)")),
      runSpan('process-sleep', { parent: other }, () => pool.query("SELECT 'second'")),
      pool.query("SELECT 'nobody'"),
      runSpan('try-assign', { parent: remote(DROPPED) }, () => pool.query("SELECT 'dropped'")),
    ]);
    const spans = await recording.spans();
    const statements = spans
      .filter((span) => span.name.startsWith('pg.query'))
      .map((span) => [span.spanContext().traceId, span.attributes['db.query.text']]);
    expect(statements).toEqual([
      [KEPT, "SELECT 'first' FROM pg_sleep(0.05)"],
      ['1'.repeat(32), "SELECT 'second'"],
    ]);
  });
});
