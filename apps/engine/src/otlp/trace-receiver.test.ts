import { promisify } from 'node:util';
import { credentials, Metadata, makeClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { Database, migrate } from '@hatchet-ts/storage';
import { createTokenVerifier, issueToken } from '@hatchet-ts/storage/credentials';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createServer, type Server } from 'nice-grpc';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, encodeRequest, otlpSpan } from '../testing/otlp-span.ts';
import type { AnyValue, Span } from './generated/trace-service.ts';
import { TraceBound } from './trace-bound.ts';
import { addTraceReceiver } from './trace-receiver.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const RUN = '33333333-3333-4333-8333-333333333333';
const ADDRESSES = { serverUrl: 'http://127.0.0.1:1', grpcAddress: '127.0.0.1:1' };
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

describe('the trace receiver', () => {
  let temporary: TemporaryDatabase;
  let db: Database;
  let server: Server;
  let port: number;
  let tenantToken: string;
  let operatorToken: string;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    db = new Database(temporary.url, { applicationName: 'trace receiver test' });
    await migrate(db);
    tenantToken = await issueToken(db, { tenantId: TENANT, ...ADDRESSES });
    operatorToken = await issueToken(db, { scope: 'operator', ...ADDRESSES });
    server = createServer();
    addTraceReceiver(server, { db, verifyToken: createTokenVerifier(db) });
    port = await server.listen('127.0.0.1:0');
  });

  beforeEach(() => db.query('TRUNCATE span'));

  afterAll(async () => {
    server.forceShutdown();
    await db.close();
    await temporary.drop();
  });

  /** Sends bytes as an exporter does, compressed with gzip; resolves to the decoded partial success. */
  async function send(bytes: Uint8Array, token: string | undefined = tenantToken, toPort = port) {
    const definition = {
      path: METHOD,
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: Uint8Array) => Buffer.from(value),
      requestDeserialize: (value: Buffer) => value,
      responseSerialize: (value: Buffer) => value,
      responseDeserialize: (value: Buffer) => ProtobufTraceSerializer.deserializeResponse(value),
    };
    const TraceService = makeClientConstructor({ export: definition }, 'TraceService');
    const client = new TraceService(`127.0.0.1:${toPort}`, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': 2,
    });
    const metadata = new Metadata();
    if (token) metadata.set('authorization', `Bearer ${token}`);
    try {
      const call = promisify<Uint8Array, Metadata, ReturnType<typeof definition.responseDeserialize>>(
        client.export!.bind(client),
      );
      return (await call(bytes, metadata)).partialSuccess;
    } finally {
      client.close();
    }
  }

  const sendSpans = (spans: ReadableSpan[], token?: string) =>
    send(ProtobufTraceSerializer.serializeRequest(spans)!, token);
  const stored = async () => (await db.query('SELECT * FROM span ORDER BY start_time, name')).rows;
  const names = async () => (await stored()).map((row) => row.name);

  it('stores everything that the stock exporter sends: kind, status, events, links, scope, resource and run', async () => {
    const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    const [span] = record((tracer) => {
      const span = tracer.startSpan(
        'hatchet.start_step_run',
        {
          kind: SpanKind.CONSUMER,
          startTime: [1_700_000_000, 1],
          attributes: { 'hatchet.workflow_run_id': RUN, 'hatchet.retry_count': 1, half: 0.5, list: ['a', 'b'] },
          links: [{ context: { ...parent, spanId: 'c7ad6b7169203331' }, attributes: { relation: 'attempt' } }],
        },
        trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }),
      );
      span.recordException({ name: 'CardError', message: 'declined' }, [1_700_000_000, 5]);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' });
      span.end([1_700_000_000, 9]);
    });
    expect(await sendSpans([span!])).toBeUndefined();
    expect(await stored()).toMatchObject([
      {
        trace_id: parent.traceId,
        span_id: span!.spanContext().spanId,
        parent_span_id: parent.spanId,
        owner_id: TENANT,
        tenant_id: TENANT,
        name: 'hatchet.start_step_run',
        kind: 'CONSUMER',
        scope_name: 'test',
        scope_version: '1.0.0',
        start_time: '1700000000000000001',
        end_time: '1700000000000000009',
        status_code: 'ERROR',
        status_message: 'declined',
        attributes: { 'hatchet.workflow_run_id': RUN, 'hatchet.retry_count': 1, half: 0.5, list: ['a', 'b'] },
        events: [
          { name: 'exception', timeUnixNano: '1700000000000000005', attributes: { 'exception.type': 'CardError' } },
        ],
        links: [{ traceId: parent.traceId, spanId: 'c7ad6b7169203331', attributes: { relation: 'attempt' } }],
        run_id: RUN,
        retry_count: 1,
      },
    ]);
  });

  it('stores integers exactly', async () => {
    const value = { $case: 'intValue' as const, value: 2n ** 63n - 1n };
    await send(encodeRequest([{ ...otlpSpan('exact'), attributes: [{ key: 'big', value: { value } }] }]));
    const { rows } = await db.query(`SELECT attributes->>'big' AS big FROM span`);
    expect(rows).toEqual([{ big: '9223372036854775807' }]);
  });

  it('stores a span once, however often it is delivered', async () => {
    const spans = record((tracer) => tracer.startSpan('once').end());
    await Promise.all([sendSpans(spans), sendSpans(spans), sendSpans(spans)]);
    expect(await names()).toEqual(['once']);
  });

  it('assigns operator spans to the tenant that they name', async () => {
    const spans = record((tracer) => {
      tracer.startSpan('named', { startTime: 1, attributes: { 'hatchet.run/tenant.id': TENANT } }).end();
      tracer.startSpan('nobody', { startTime: 2 }).end();
    });
    await sendSpans(spans, operatorToken);
    expect(await stored()).toMatchObject([
      { name: 'named', tenant_id: TENANT },
      { name: 'nobody', tenant_id: null },
    ]);
  });

  const attribute = (value: AnyValue): Partial<Span> => ({ attributes: [{ key: 'key', value }] });
  const NUL: AnyValue = { value: { $case: 'stringValue', value: '\0' } };
  const NAN: AnyValue = { value: { $case: 'doubleValue', value: Number.NaN } };
  const NESTED = Array.from({ length: 40 }).reduce<AnyValue>(
    (inner) => ({ value: { $case: 'arrayValue', value: { values: [inner] } } }),
    { value: { $case: 'boolValue', value: true } },
  );
  const between = (broken: Partial<Span>) =>
    encodeRequest([otlpSpan('before', 1n), { ...otlpSpan('broken', 2n), ...broken }, otlpSpan('after', 3n)]);

  it.each<[string, Partial<Span>, string]>([
    ['a short trace id', { traceId: Buffer.alloc(3, 1) }, 'the trace id has 3 bytes instead of 16'],
    ['an empty span id', { spanId: Buffer.alloc(0) }, 'the span id has 0 bytes instead of 8'],
    ['a trace id of zeros', { traceId: Buffer.alloc(16) }, 'the trace id is all zeros'],
  ])('rejects a span with %s, and only that span', async (_what, broken, errorMessage) => {
    expect(await send(between(broken))).toEqual({ rejectedSpans: 1, errorMessage });
    expect(await names()).toEqual(['before', 'after']);
  });

  const link = { traceId: Buffer.alloc(16, 1), traceState: '', attributes: [], droppedAttributesCount: 0, flags: 0 };
  it.each<[string, Partial<Span>, string, object]>([
    [
      'a NUL character in its name',
      { name: 'broken\0' },
      'the name contains a NUL character',
      { name: 'broken\ufffd' },
    ],
    [
      'a NUL character in its status',
      { status: { code: 2, message: 'a\0b' } },
      'the status message contains a NUL character',
      { status_code: 'ERROR', status_message: 'a\ufffdb' },
    ],
    [
      'a NUL character in an attribute',
      attribute(NUL),
      'attribute "key" contains a NUL character',
      { attributes: { key: '\ufffd' } },
    ],
    ['NaN', attribute(NAN), 'attribute "key" is NaN, not a finite number', { attributes: { key: 'NaN' } }],
    ['an endless nesting', attribute(NESTED), 'attribute "key" is nested more than 32 levels deep', {}],
    [
      'a short parent id',
      { parentSpanId: Buffer.alloc(7, 1) },
      'the parent span id has 7 bytes instead of 8',
      { parent_span_id: null },
    ],
    [
      'a link without a span',
      { links: [{ ...link, spanId: Buffer.alloc(8) }] },
      'the span id of a link is all zeros',
      { links: [], dropped_links_count: '1' },
    ],
    [
      'a time beyond all clocks',
      { endTimeUnixNano: 2n ** 63n },
      'the end time is after the year 2262; expected nanoseconds since 1970',
      { end_time: '9223372036854775807' },
    ],
  ])('stores a span with %s without it, and reports that', async (_what, broken, fault, columns) => {
    const errorMessage = `stored with changes: ${fault}`;
    expect(await send(between(broken))).toEqual({ errorMessage });
    expect(await stored()).toMatchObject([{ name: 'before' }, columns, { name: 'after' }]);
  });

  it('counts changes by reason beside the rejections', async () => {
    const bad = (number: bigint): Span => ({ ...otlpSpan('a\0', number), ...attribute(NUL) });
    expect(await send(encodeRequest([bad(1n), bad(2n), { ...bad(3n), spanId: Buffer.alloc(8) }]))).toEqual({
      rejectedSpans: 1,
      errorMessage:
        'the span id is all zeros; stored with changes: the name contains a NUL character (2); attribute "key" contains a NUL character (2)',
    });
  });

  it('counts rejections by reason', async () => {
    const broken = { ...otlpSpan('x'), spanId: Buffer.alloc(1) };
    expect(await send(encodeRequest([broken, broken, { ...broken, spanId: Buffer.alloc(8) }]))).toEqual({
      rejectedSpans: 3,
      errorMessage: 'the span id has 1 bytes instead of 8 (2); the span id is all zeros',
    });
  });

  it('stores a span whose hatchet.* ids are not UUIDs', async () => {
    const spans = record((tracer) => tracer.startSpan('odd', { attributes: { 'hatchet.step_run_id': 'x' } }).end());
    expect(await sendSpans(spans)).toBeUndefined();
    expect(await stored()).toMatchObject([{ name: 'odd', task_id: null }]);
  });

  it('rejects spans above the limit of a trace, with the reason', async () => {
    const bounded = createServer();
    addTraceReceiver(bounded, { db, verifyToken: createTokenVerifier(db), bound: new TraceBound(2) });
    const spans = ['one', 'two', 'three'].map((name, index) => otlpSpan(name, BigInt(index + 1)));
    expect(await send(encodeRequest(spans), tenantToken, await bounded.listen('127.0.0.1:0'))).toEqual({
      rejectedSpans: 1,
      errorMessage: 'its trace has reached the limit of spans',
    });
    expect((await db.query('SELECT name FROM span ORDER BY name')).rows).toEqual([{ name: 'one' }, { name: 'two' }]);
    bounded.forceShutdown();
  });

  it('responds UNAVAILABLE if the database is away, so that exporters retry', async () => {
    const away = new Database('postgres://user:secret@127.0.0.1:1/none', { applicationName: 'trace receiver test' });
    const [withoutStore, withoutKeys] = [createServer(), createServer()];
    addTraceReceiver(withoutStore, { db: away, verifyToken: createTokenVerifier(db) });
    addTraceReceiver(withoutKeys, { db: away, verifyToken: createTokenVerifier(away) });
    for (const receiver of [withoutStore, withoutKeys]) {
      const error = await send(encodeRequest([otlpSpan('x')]), tenantToken, await receiver.listen('127.0.0.1:0')).catch(
        (error: ServiceError) => error,
      );
      expect(error).toMatchObject({ code: status.UNAVAILABLE, details: expect.stringContaining('retry later') });
      receiver.forceShutdown();
    }
    await away.close();
  });

  it('rejects callers without a valid token, and does not repeat the token', async () => {
    for (const token of ['', 'secret.secret.secret', `${tenantToken}x`]) {
      const error = await send(encodeRequest([otlpSpan('x')]), token).catch((error: ServiceError) => error);
      expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
      if (token) expect(JSON.stringify(error)).not.toContain(token);
    }
    expect(await names()).toEqual([]);
  });

  it('survives a malformed request', async () => {
    await expect(send(Buffer.from([0x0a, 0xff, 0xff]))).rejects.toMatchObject({ code: status.INTERNAL });
    expect(await send(encodeRequest([otlpSpan('next')]))).toBeUndefined();
  });

  it('accepts thousands of spans in one message', async () => {
    const spans = Array.from({ length: 5_120 }, (_, index) => ({
      ...otlpSpan('many'),
      spanId: bytesOf(BigInt(index + 1)),
    }));
    expect(await send(encodeRequest(spans))).toBeUndefined();
    expect((await stored()).length).toBe(5_120);
  });
});

type Tracer = ReturnType<BasicTracerProvider['getTracer']>;

/** Collects the spans that `work` makes with the OpenTelemetry SDK. */
function record(work: (tracer: Tracer) => void): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  work(provider.getTracer('test', '1.0.0'));
  return exporter.getFinishedSpans();
}
