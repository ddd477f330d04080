import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { TemporaryDatabase } from '@hatchet-ts/storage/embedded';
import { context, createContextKey, type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { Client, Pool, QueryConfig } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runSpan, untraced, withTenant } from '../index.ts';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';

let recording: Recording;
let database: TemporaryDatabase;
let pool: Pool;
let Cursor: typeof import('pg-cursor');
let QueryStream: typeof import('pg-query-stream');
let copyTo: typeof import('pg-copy-streams').to;
let copyFrom: typeof import('pg-copy-streams').from;

beforeAll(async () => {
  // As in the services, pg is loaded after telemetry has started.
  await startRecording().telemetry.shutdown();
  const { temporaryDatabase } = await import('@hatchet-ts/storage/embedded');
  const { default: pg } = await import('pg');
  Cursor = (await import('pg-cursor')).default;
  QueryStream = (await import('pg-query-stream')).default;
  ({ to: copyTo, from: copyFrom } = await import('pg-copy-streams'));
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
const querySpan = async () => (await recording.spans()).find((span) => span.name.startsWith('pg.query'));
const textOf = (span: ReadableSpan | undefined) => JSON.stringify([span?.attributes, span?.status, span?.events]);

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

  it.each([
    ['an error of the server', "SELECT 'ada@example.com'::int", '22P02'],
    ['an error that quotes a row', "INSERT INTO member VALUES ('ada@example.com'), ('ada@example.com')", '23505'],
  ])('that fails with %s has its SQLSTATE, and nothing of its text', async (_kind, statement, sqlState) => {
    await pool.query('CREATE TABLE IF NOT EXISTS member (email text PRIMARY KEY)');
    const failing = runSpan('queue', { parent: remote(KEPT) }, () => pool.query(statement));
    await expect(failing).rejects.toMatchObject({ code: sqlState });
    const query = await querySpan();
    expect(query?.status).toEqual({ code: SpanStatusCode.ERROR, message: sqlState });
    expect(query?.attributes).toMatchObject({ 'error.type': sqlState, 'db.response.status_code': sqlState });
    expect((await recording.spans()).map(textOf).join()).not.toContain('ada@example.com');
    const above = (await recording.spans()).find((span) => span.name === 'hatchet.run/queue');
    expect(above?.status).toEqual({ code: SpanStatusCode.ERROR, message: `PostgreSQL error ${sqlState}` });
  });

  it('that fails below an error of the application shows its SQLSTATE as the cause', async () => {
    const failing = runSpan('queue', { parent: remote(KEPT) }, async () => {
      await pool.query("SELECT 'ada@example.com'::int").catch((cause: unknown) => {
        throw new Error('cannot read the account', { cause });
      });
    });
    await expect(failing).rejects.toThrow('cannot read the account');
    const texts = (await recording.spans()).map(textOf).join();
    expect(texts).toContain('[cause]: DatabaseError: PostgreSQL error 22P02\\n      at ');
    expect(texts).not.toContain('ada@example.com');
  });

  it('that pg refuses has the class of its error', async () => {
    class Refusal extends TypeError {}
    const value = {
      toPostgres() {
        throw new Refusal('ada@example.com');
      },
    };
    const failing = runSpan('queue', { parent: remote(KEPT) }, () => pool.query('SELECT $1', [value]));
    await expect(failing).rejects.toThrow(Refusal);
    const query = await querySpan();
    expect(query?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'Refusal' });
    expect(textOf(query)).not.toContain('ada@example.com');
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
      runSpan('queue', { parent: remote(KEPT) }, () => pool.query('SELECT 1 AS first FROM pg_sleep(0.05)')),
      runSpan('process-sleep', { parent: other }, () => pool.query('SELECT 1 AS second')),
      pool.query("SELECT 'nobody'"),
      runSpan('try-assign', { parent: remote(DROPPED) }, () => pool.query("SELECT 'dropped'")),
    ]);
    const spans = await recording.spans();
    const statements = spans
      .filter((span) => span.name.startsWith('pg.query'))
      .map((span) => [span.spanContext().traceId, span.attributes['db.query.text']]);
    expect(statements).toEqual([
      [KEPT, 'SELECT ? AS first FROM pg_sleep(?)'],
      ['1'.repeat(32), 'SELECT ? AS second'],
    ]);
  });
});

describe('a query through one client', () => {
  /** Runs `query` below a recorded span, on a client of its own. */
  const withClient = (query: (client: Client, pg: Pg) => unknown) =>
    runSpan('queue', { parent: remote(KEPT) }, async () => {
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        await query(client, pg);
      } finally {
        await client.end();
      }
    });
  const numbers = 'SELECT * FROM generate_series(1, 25) AS number';

  it.each<[string, (client: Client, pg: Pg) => unknown, string, string?]>([
    ['as a promise', (client) => client.query('SELECT 1'), 'SELECT'],
    ['with a name', (client) => client.query({ name: 'numbers', text: numbers }), 'numbers'],
    ['with a callback', (client) => new Promise((done) => client.query('SELECT 1', done)), 'SELECT'],
    [
      'with values and a callback',
      (client) => new Promise((done) => client.query('SELECT $1::int', [1], done)),
      'SELECT',
    ],
    [
      'with a callback in its configuration',
      (client) => new Promise((callback) => client.query({ text: 'SELECT 1', callback } as QueryConfig)),
      'SELECT',
    ],
    ['that fails', (client) => client.query('SELECT 1/0').catch(() => {}), 'SELECT', ' ERROR'],
    ['as pg.Query', (client, pg) => once(client.query(new pg.Query(numbers)), 'end'), 'SELECT'],
    [
      'as pg.Query that fails',
      (client, pg) => once(client.query(new pg.Query('SELECT 1/0')), 'end').catch(() => {}),
      'SELECT',
      ' ERROR',
    ],
    [
      'as a cursor that is read to its end',
      async (client) => {
        const cursor = client.query(new Cursor(numbers));
        while ((await cursor.read(10)).length > 0);
      },
      'SELECT',
    ],
    [
      'as a cursor that is closed early',
      async (client) => {
        const cursor = client.query(new Cursor(numbers));
        await cursor.read(10);
        await cursor.close();
      },
      'SELECT',
    ],
    [
      'as a cursor that fails',
      async (client) => {
        const cursor = client.query(new Cursor('SELECT 1 / (3 - n) FROM generate_series(1, 9) AS n'));
        await expect(cursor.read(100)).rejects.toThrow();
        await cursor.close();
      },
      'SELECT',
      ' ERROR',
    ],
    [
      'as a QueryStream',
      async (client) => {
        const rows = await client.query(new QueryStream(numbers)).toArray();
        expect(rows).toHaveLength(25);
      },
      'SELECT',
    ],
    ['as COPY TO', (client) => client.query(copyTo(`COPY (${numbers}) TO STDOUT`)).toArray(), 'COPY'],
    [
      'as COPY FROM',
      async (client) => {
        await untraced(() => client.query('CREATE TEMP TABLE copied (number int)'));
        const stream = client.query(copyFrom('COPY copied FROM STDIN'));
        stream.end('1\n2\n');
        await finished(stream);
      },
      'COPY',
    ],
    [
      'as COPY FROM that fails',
      async (client) => {
        await untraced(() => client.query('CREATE TEMP TABLE copied (number int)'));
        const stream = client.query(copyFrom('COPY copied FROM STDIN'));
        stream.end('ada@example.com\n');
        await expect(finished(stream)).rejects.toThrow();
      },
      'COPY',
      ' ERROR',
    ],
  ])('%s is one CLIENT span', async (_form, query, statement, status = '') => {
    await withClient(query);
    const span = `pg.query:${statement} ${name()} CLIENT${status}`;
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL ← ${CALLER}\n  ${span}`);
    expect((await querySpan())?.attributes['db.query.text']).toBeTypeOf('string');
  });

  it('leaves the objects of the caller as they were', async () => {
    const callback = () => {};
    const config = Object.freeze({ text: 'SELECT 1', callback });
    await withClient(async (client, pg) => {
      client.query(config as QueryConfig);
      const query = new pg.Query('SELECT 1');
      const stream = new QueryStream(numbers);
      const { handleReadyForQuery } = stream;
      await once(client.query(query), 'end');
      await client.query(stream).toArray();
      expect(Object.keys(query).filter((key) => key.startsWith('handle'))).toEqual([]);
      expect(stream.handleReadyForQuery).toBe(handleReadyForQuery);
    });
  });

  it.each(['recorded', 'dropped'])('calls back in the context of its caller, in a %s trace', async (kind) => {
    const key = createContextKey('caller');
    const seen = withSpan(kind === 'recorded' ? KEPT : DROPPED, () =>
      context.with(context.active().setValue(key, 'mine'), async () => {
        const { default: pg } = await import('pg');
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        const value = await new Promise((resolve) =>
          client.query('SELECT 1', () => resolve(context.active().getValue(key))),
        );
        await client.end();
        return value;
      }),
    );
    await expect(seen).resolves.toBe('mine');
  });
});

/** Runs `fn` below the span of a trace. */
function withSpan<T>(traceId: string, fn: () => T): T {
  return runSpan('queue', { parent: remote(traceId) }, fn);
}

type Pg = Pick<typeof import('pg'), 'Client' | 'Query'>;
