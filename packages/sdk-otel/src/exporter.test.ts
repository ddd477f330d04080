import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectToEngine } from './export/engine-connection.ts';
import { EngineExporter, EXPORT_TIMES, type ExportTimes } from './export/engine-exporter.ts';
import { createHatchetSpanProcessor } from './exporter.ts';
import { testCertificates } from './testing/certificates.ts';
import { type OtlpReceiver, startOtlpReceiver } from './testing/otlp-receiver.ts';

const TOKEN = `ey.${Buffer.from('{"sub":"707d0855-80ab-4e1f-a156-f1c4546cbf52"}').toString('base64url')}.`;
const folder = mkdtempSync(join(tmpdir(), 'sdk-otel-exporter-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const warn = vi.fn();
const stops: (() => unknown)[] = [];
let plain: OtlpReceiver;

beforeAll(async () => {
  diag.setLogger({ error: vi.fn(), warn, info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }, DiagLogLevel.WARN);
  plain = await startOtlpReceiver();
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  warn.mockClear();
  plain.requests.length = plain.refusals.length = plain.authorizations.length = 0;
});
afterAll(() => {
  plain.stop();
  rmSync(folder, { recursive: true, force: true });
});

const insecure = (address: string) =>
  ({ token: TOKEN, host_port: address, tls_config: { tls_strategy: 'none' } }) as const;
const names = ({ requests }: OtlpReceiver, name: string) =>
  requests.filter((request) => Buffer.from(request).includes(name)).length;

describe('createHatchetSpanProcessor()', () => {
  test.each([
    ['sdk-trace-base', BasicTracerProvider],
    ['sdk-trace', TracerProvider],
  ])('is a span processor for a provider of %s, and sends with the token of the client', async (_line, Provider) => {
    const processor = createHatchetSpanProcessor({ clientConfig: insecure(plain.address) });
    const provider = new Provider({ spanProcessors: [processor] });
    provider.getTracer('app').startSpan('to the engine').end();
    await provider.shutdown();
    expect(names(plain, 'to the engine')).toBe(1);
    expect(plain.authorizations).toEqual([`bearer ${TOKEN}`]);
  });

  test('takes what it is not given from the environment, as the client does', async () => {
    vi.stubEnv('HATCHET_CLIENT_TOKEN', TOKEN);
    vi.stubEnv('HATCHET_CLIENT_HOST_PORT', plain.address);
    vi.stubEnv('HATCHET_CLIENT_TLS_STRATEGY', 'none');
    const provider = new BasicTracerProvider({ spanProcessors: [createHatchetSpanProcessor()] });
    provider.getTracer('app').startSpan('by environment').end();
    await provider.shutdown();
    vi.unstubAllEnvs();
    expect(names(plain, 'by environment')).toBe(1);
  });

  test('sends what the filter lets through', async () => {
    const filter = ({ name }: { name: string }) => name !== 'health check';
    const processor = createHatchetSpanProcessor({ clientConfig: insecure(plain.address), filter });
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    for (const name of ['health check', 'order']) provider.getTracer('app').startSpan(name).end();
    await provider.shutdown();
    expect([names(plain, 'health check'), names(plain, 'order')]).toEqual([0, 1]);
  });
});

describe('the connection is the client’s', () => {
  test('TLS with its own root and another server name', async () => {
    const { authority, server } = await testCertificates('engine.internal');
    const receiver = await startOtlpReceiver(server);
    stops.push(receiver.stop);
    const tls = { tls_strategy: 'tls', ca_file: file('ca.crt', authority) } as const;
    await expect(send(receiver, { ...tls, server_name: 'engine.internal' })).resolves.toBeDefined();
    await expect(send(receiver, tls)).rejects.toThrow(/certificate|altnames/i);
  });

  test('mutual TLS with its certificate', async () => {
    const { authority, server, client } = await testCertificates('engine.internal');
    const receiver = await startOtlpReceiver({ ...server, authority });
    stops.push(receiver.stop);
    const tls = { server_name: 'engine.internal', ca_file: file('ca.crt', authority) };
    const own = { cert_file: file('own.crt', client.certificate), key_file: file('own.key', client.key) };
    await expect(send(receiver, { ...tls, ...own, tls_strategy: 'mtls' })).resolves.toBeDefined();
    await expect(send(receiver, { ...tls, tls_strategy: 'tls' })).rejects.toThrow();
  });

  async function send({ address }: OtlpReceiver, tls_config: object): Promise<Uint8Array> {
    const connection = connectToEngine({ token: TOKEN, host_port: address, tls_config });
    stops.push(() => connection.close());
    return await connection.send(new Uint8Array(), AbortSignal.timeout(5000));
  }
});

describe('an export', () => {
  const spans = finishedSpans();
  const exporterWith = (times: Partial<ExportTimes>) => {
    const connect = () => connectToEngine(insecure(plain.address));
    const exporter = new EngineExporter(connect, ProtobufTraceSerializer as never, { ...EXPORT_TIMES, ...times });
    stops.push(() => exporter.shutdown());
    return exporter;
  };
  const exported = (exporter: EngineExporter) =>
    new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(spans, resolve));

  test('that is refused for now is repeated', async () => {
    plain.refusals.push(14, 4);
    expect(await exported(exporterWith({ retryMillis: 1 }))).toEqual({ code: 0 });
    expect(plain.requests).toHaveLength(3);
  });

  test('that is refused for good, or too often, is a failure', async () => {
    plain.refusals.push(16);
    expect(await exported(exporterWith({ retryMillis: 1 }))).toMatchObject({ code: 1, error: { code: 16 } });
    plain.refusals.push(...Array.from({ length: 50 }, () => 14));
    expect(await exported(exporterWith({ retryMillis: 1, batchMillis: 20 }))).toMatchObject({ error: { code: 14 } });
  });

  test('to an engine without a receiver backs off, says so once, and asks again later', async () => {
    const exporter = exporterWith({ unimplementedMillis: 200 });
    plain.refusals.push(12);
    for (let i = 0; i < 3; i++) expect(await exported(exporter)).toEqual({ code: 0 });
    expect(plain.requests).toHaveLength(1);
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      `@hatchet-ts/sdk-otel: the engine at ${plain.address} has no OTLP receiver; spans are dropped and it is asked again in 0 s`,
    ]);
    await vi.waitUntil(async () => (await exported(exporter)) && plain.requests.length > 1);
  });

  test('is not repeated any more once the provider shuts down', async () => {
    const exporter = exporterWith({ retryMillis: 60_000 });
    plain.refusals.push(14, 14);
    const result = exported(exporter);
    await vi.waitUntil(() => plain.requests.length > 0);
    await exporter.shutdown();
    expect(await result).toMatchObject({ code: 1 });
    expect(plain.requests.length).toBeLessThanOrEqual(2);
  });

  function finishedSpans(): ReadableSpan[] {
    const ended: ReadableSpan[] = [];
    const keep = {
      onStart: () => undefined,
      onEnd: (span: ReadableSpan) => void ended.push(span),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    new BasicTracerProvider({ spanProcessors: [keep] }).getTracer('app').startSpan('one', {}, ROOT_CONTEXT).end();
    return ended;
  }
});
