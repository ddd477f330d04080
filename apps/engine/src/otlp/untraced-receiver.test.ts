import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { grpcServerTracing, startServerTelemetry } from '@hatchet-ts/server-otel';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createServer } from 'nice-grpc';
import { expect, it } from 'vitest';
import { encodeRequest, otlpSpan } from '../testing/otlp-span.ts';

const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const ADDRESSES = { serverUrl: 'http://127.0.0.1:1', grpcAddress: '127.0.0.1:1' };

it('makes no span for the statements of an export, even below a traced call', async () => {
  const exporter = new InMemorySpanExporter();
  const telemetry = startServerTelemetry({
    env: {},
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    logger: { info() {}, warn() {}, error() {} },
  });
  // pg is loaded after its instrumentation, as in a service
  const { Database, migrate } = await import('@hatchet-ts/storage');
  const { createTokenVerifier } = await import('@hatchet-ts/storage/credentials');
  const { temporaryDatabase } = await import('@hatchet-ts/storage/embedded');
  const { addTraceReceiver } = await import('./trace-receiver.ts');

  const temporary = await temporaryDatabase();
  const db = new Database(temporary.url, { applicationName: 'untraced receiver test' });
  await migrate(db);
  const token = await issueToken(db, { scope: 'operator', ...ADDRESSES });
  const server = createServer().use(grpcServerTracing());
  addTraceReceiver(server, { db, verifyToken: createTokenVerifier(db) });
  const Client = makeGenericClientConstructor({}, 'TraceService');
  const client = new Client(`127.0.0.1:${await server.listen('127.0.0.1:0')}`, credentials.createInsecure());

  exporter.reset();
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  await new Promise((resolve, reject) => {
    const answer = (error: Error | null, response?: Buffer) => (error ? reject(error) : resolve(response));
    client.makeUnaryRequest(
      METHOD,
      Buffer.from,
      (bytes: Buffer) => bytes,
      encodeRequest([otlpSpan('x')]),
      metadata,
      answer,
    );
  });
  expect((await db.query('SELECT FROM span')).rowCount).toBe(1);
  await telemetry.forceFlush();
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual([METHOD.slice(1)]);

  client.close();
  server.forceShutdown();
  await db.close();
  await temporary.drop();
  await telemetry.shutdown();
});
