import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resources, TcpLink } from '@hatchet-ts/trace-testing';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectToEngine } from './export/engine-connection.ts';
import { EngineExporter, EXPORT_LIMITS, type ExportLimits } from './export/engine-exporter.ts';
import { createHatchetSpanProcessor } from './exporter.ts';
import { captureDiag } from './testing/telemetry.ts';

const TOKEN = `ey.${Buffer.from('{"sub":"707d0855-80ab-4e1f-a156-f1c4546cbf52"}').toString('base64url')}.`;
const folder = mkdtempSync(join(tmpdir(), 'sdk-otel-exporter-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const { warn } = captureDiag();
const resources = new Resources();
let engine: OtlpReceiver;

beforeEach(async () => {
  engine = resources.use(await OtlpReceiver.start());
});
afterEach(() => resources.stop());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const insecure = (address: string) =>
  ({ token: TOKEN, host_port: address, tls_config: { tls_strategy: 'none' } }) as const;
const received = () => engine.spans.map(({ name }) => name);

describe('createHatchetSpanProcessor()', () => {
  test.each([
    ['sdk-trace-base', BasicTracerProvider],
    ['sdk-trace', TracerProvider],
  ])(
    'creates a span processor for a provider of %s that sends with the token of the client',
    async (_line, Provider) => {
      const processor = createHatchetSpanProcessor({ clientConfig: insecure(engine.address) });
      const provider = new Provider({ spanProcessors: [processor] });
      provider.getTracer('app').startSpan('to the engine').end();
      await provider.shutdown();
      expect(received()).toEqual(['to the engine']);
      expect(engine.calls.map(({ headers }) => headers.authorization)).toEqual([`bearer ${TOKEN}`]);
    },
  );

  test('reads missing configuration from the environment, as the client does', async () => {
    vi.stubEnv('HATCHET_CLIENT_TOKEN', TOKEN);
    vi.stubEnv('HATCHET_CLIENT_HOST_PORT', engine.address);
    vi.stubEnv('HATCHET_CLIENT_TLS_STRATEGY', 'none');
    const provider = new BasicTracerProvider({ spanProcessors: [createHatchetSpanProcessor()] });
    provider.getTracer('app').startSpan('by environment').end();
    await provider.shutdown();
    vi.unstubAllEnvs();
    expect(received()).toEqual(['by environment']);
  });

  test('sends only spans that pass the filter', async () => {
    const filter = ({ name }: { name: string }) => name !== 'health check';
    const processor = createHatchetSpanProcessor({ clientConfig: insecure(engine.address), filter });
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    for (const name of ['health check', 'order']) provider.getTracer('app').startSpan(name).end();
    await provider.shutdown();
    expect(received()).toEqual(['order']);
  });
});

describe('the connection of the client', () => {
  test('TLS with its own root certificate and another server name', async () => {
    const authority = await CertificateAuthority.create();
    const server = await authority.issue({ name: 'engine', hosts: ['engine.internal'] });
    const receiver = resources.use(await OtlpReceiver.start({ tls: server }));
    const tls = { tls_strategy: 'tls', ca_file: file('ca.crt', authority.certificate) } as const;
    await expect(send(receiver, { ...tls, server_name: 'engine.internal' })).resolves.toBeDefined();
    await expect(send(receiver, tls)).rejects.toThrow(/certificate|altnames/i);
  });

  test('mutual TLS with its client certificate', async () => {
    const authority = await CertificateAuthority.create();
    const server = await authority.issue({ name: 'engine', hosts: ['engine.internal'] });
    const client = await authority.issue({ name: 'worker' });
    const options = { tls: { ...server, clientAuthority: authority.certificate } };
    const receiver = resources.use(await OtlpReceiver.start(options));
    const tls = { server_name: 'engine.internal', ca_file: file('ca.crt', authority.certificate) };
    const own = { cert_file: file('own.crt', client.certificate), key_file: file('own.key', client.key) };
    await expect(send(receiver, { ...tls, ...own, tls_strategy: 'mtls' })).resolves.toBeDefined();
    await expect(send(receiver, { ...tls, tls_strategy: 'tls' })).rejects.toThrow();
  });

  test('renewed files are used for the next connection', async () => {
    const issue = async (name: string) => {
      const authority = await CertificateAuthority.create(name);
      const [server, client] = await Promise.all([
        authority.issue({ name: 'engine', hosts: ['engine.internal'] }),
        authority.issue({ name: 'worker' }),
      ]);
      const write = () => ({
        ca_file: file('renewed-ca.crt', authority.certificate),
        cert_file: file('renewed.crt', client.certificate),
        key_file: file('renewed.key', client.key),
      });
      return { tls: { ...server, clientAuthority: authority.certificate }, write };
    };
    const [before, after] = [await issue('Before'), await issue('After')];
    const receiver = resources.use(await OtlpReceiver.start({ tls: before.tls }));
    const tls_config = { tls_strategy: 'mtls', server_name: 'engine.internal', ...before.write() } as const;
    const { client } = connectToEngine({ token: TOKEN, host_port: receiver.address, tls_config });
    resources.use({ stop: () => client.close() });
    await client.call(new Uint8Array(), 5000);
    receiver.stop();
    await receiver.restart(after.tls);
    after.write();
    await client.call(new Uint8Array(), 5000);
    expect(receiver.calls).toHaveLength(2);
    rmSync(join(folder, 'renewed.key')); // in the middle of the next renewal
    await client.call(new Uint8Array(), 5000);
  });

  async function send({ address }: OtlpReceiver, tls_config: object): Promise<Uint8Array> {
    const connection = connectToEngine({ token: TOKEN, host_port: address, tls_config });
    resources.use({ stop: () => connection.client.close() });
    return await connection.client.call(new Uint8Array(), 5000);
  }
});

describe('an export', () => {
  const spans = finishedSpans({ one: 0 });
  const exporterWith = (limits: Partial<ExportLimits>, address = engine.address) => {
    const connect = () => connectToEngine(insecure(address));
    const exporter = new EngineExporter(connect, ProtobufTraceSerializer as never, { ...EXPORT_LIMITS, ...limits });
    resources.use({ stop: () => exporter.shutdown() });
    return exporter;
  };
  const runExport = (exporter: EngineExporter, batch = spans) =>
    new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(batch, resolve));

  test('is retried after a retryable error', async () => {
    engine.answerNext({ status: 14 }, { status: 4 });
    expect(await runExport(exporterWith({ retryMillis: 1 }))).toEqual({ code: 0 });
    expect(engine.calls).toHaveLength(3);
  });

  test('fails after a permanent error, or when its time is over', async () => {
    engine.answerNext({ status: 16 });
    expect(await runExport(exporterWith({ retryMillis: 1 }))).toMatchObject({
      code: 1,
      error: { message: expect.stringContaining('16 UNAUTHENTICATED') },
    });
    engine.answer({ status: 14 });
    expect(await runExport(exporterWith({ retryMillis: 1, batchMillis: 20 }))).toMatchObject({
      error: { message: expect.stringContaining('14 UNAVAILABLE') },
    });
  });

  test('to an engine without a receiver backs off, logs one warning and is tried again later', async () => {
    const exporter = exporterWith({ unimplementedMillis: 200 });
    engine.answerNext({ status: 12 });
    for (let i = 0; i < 3; i++) expect(await runExport(exporter)).toEqual({ code: 0 });
    expect(engine.calls).toHaveLength(1);
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      `@hatchet-ts/sdk-otel: the engine at ${engine.address} has no OTLP receiver; spans are dropped; retrying in 0 s`,
    ]);
    await vi.waitUntil(async () => (await runExport(exporter)) && engine.calls.length > 1);
  });

  test('is not retried after the provider shuts down', async () => {
    const exporter = exporterWith({ retryMillis: 60_000 });
    engine.answer({ status: 14 });
    const result = runExport(exporter);
    await vi.waitUntil(() => engine.calls.length > 0);
    await exporter.shutdown();
    expect(await result).toMatchObject({ code: 1 });
    expect(engine.calls.length).toBeLessThanOrEqual(2);
  });

  test('over a connection that went silent is sent again over a new one', async () => {
    const link = resources.use(await TcpLink.start({ to: engine.address }));
    const exporter = exporterWith({ callMillis: 200, retryMillis: 1 }, link.address);
    expect(await runExport(exporter)).toEqual({ code: 0 });
    expect(link.silence()).toBe(1);
    expect(await runExport(exporter)).toEqual({ code: 0 });
    expect(new Set(engine.calls.map(({ peer }) => peer)).size).toBe(2);
  });

  test('waits as long as the engine demands', async () => {
    const at: number[] = [];
    engine.answer(({ number }) => {
      at.push(performance.now());
      return number === 1 ? { status: 8, retryDelayMs: 200 } : 'accept';
    });
    expect(await runExport(exporterWith({ retryMillis: 1 }))).toEqual({ code: 0 });
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(199);
  });

  test('of 512 spans with 10 KiB each is divided into requests below 1 MiB', async () => {
    const large = Object.fromEntries(Array.from({ length: 512 }, (_, n) => [`span ${n}`, 10_240]));
    expect(await runExport(exporterWith({}), finishedSpans(large))).toEqual({ code: 0 });
    expect(received()).toEqual(Object.keys(large));
    for (const { bytes } of engine.calls) expect(bytes.length + 5).toBeLessThan(1024 * 1024);
  });

  test('with an error message of 1.4 MB costs this span and not its neighbors', async () => {
    const receiver = resources.use(await OtlpReceiver.start({ maxMessageBytes: 1024 * 1024 }));
    const batch = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`span ${n}`, n === 50 ? 1_400_000 : 100]));
    expect(await runExport(exporterWith({}, receiver.address), finishedSpans(batch))).toEqual({ code: 0 });
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(
        /^@hatchet-ts\/sdk-otel: lost spans: 1; last error: 8 RESOURCE_EXHAUSTED: .*larger than 1048576/,
      ),
    ]);
    expect(receiver.spans.map(({ name }) => name)).toEqual(Object.keys(batch).filter((name) => name !== 'span 50'));
  });

  test('that is accepted with a message is logged once, one with rejected spans each time', async () => {
    const exporter = exporterWith({});
    engine.answer({ rejectedSpans: 0, message: 'use gzip' });
    for (let round = 0; round < 2; round++) expect(await runExport(exporter)).toEqual({ code: 0 });
    engine.answer({ rejectedSpans: 1, message: 'too old' });
    await runExport(exporter);
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      '@hatchet-ts/sdk-otel: the engine accepted all spans, with a message: use gzip',
      '@hatchet-ts/sdk-otel: the engine rejected 1 spans; they are lost: too old',
    ]);
  });

  test('whose callback throws harms neither the process nor the next flush', async () => {
    const exporter = exporterWith({});
    exporter.export(spans, () => {
      throw new Error('the processor is broken');
    });
    await exporter.forceFlush();
    expect(await runExport(exporter)).toEqual({ code: 0 });
  });

  function finishedSpans(sizes: Readonly<Record<string, number>>): ReadableSpan[] {
    const ended: ReadableSpan[] = [];
    const keep = {
      onStart: () => undefined,
      onEnd: (span: ReadableSpan) => void ended.push(span),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    const tracer = new BasicTracerProvider({ spanProcessors: [keep] }).getTracer('app');
    for (const [name, size] of Object.entries(sizes)) {
      const span = tracer.startSpan(name, {}, ROOT_CONTEXT);
      if (size > 0) span.recordException(new Error('x'.repeat(size)));
      span.end();
    }
    return ended;
  }
});
