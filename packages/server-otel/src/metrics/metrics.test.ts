import { once } from 'node:events';
import type { TemporaryDatabase } from '@hatchet-ts/storage/embedded';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { serve } from '@hono/node-server';
import type { Meter } from '@opentelemetry/api';
import { DataPointType, MetricReader } from '@opentelemetry/sdk-metrics';
import { Hono } from 'hono';
import { type Channel, createChannel, createClient, createServer, type Server, ServerError, Status } from 'nice-grpc';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { grpcServerTracing, httpServerTracing, runSpan, type ServerTelemetryOptions } from '../index.ts';
import { EchoService } from '../testing/echo-service.ts';
import { type Recording, startRecording } from '../testing/recording.ts';

/** A reader that collects only when a test calls it. */
class OnDemand extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

let reader: OnDemand;
let recording: Recording;
beforeEach(() => {
  reader = new OnDemand();
  recording = startRecording({}, { metricReaders: [reader] });
});
afterEach(() => recording.telemetry.shutdown());

/** Returns the data points of an instrument; the value of a histogram is the number of its recordings. */
async function pointsOf(name: string) {
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPointType, dataPoints, descriptor }) =>
      dataPoints.map(({ attributes, value }) => ({
        unit: descriptor.unit,
        attributes,
        value: dataPointType === DataPointType.HISTOGRAM && typeof value === 'object' ? value.count : value,
      })),
    );
}

async function names(): Promise<string[]> {
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
}

it('gRPC calls are measured by method and status, streams until they are closed, untraced methods not at all', async () => {
  let server: Server | undefined;
  let channel: Channel | undefined;
  try {
    server = createServer().use(grpcServerTracing({ untraced: (path) => path.endsWith('/Bidi') }));
    server.add(EchoService, {
      unary: async ({ text }) => {
        if (text === 'refuse') throw new ServerError(Status.NOT_FOUND, 'no such thing');
        return { text };
      },
      async *serverStream({ text }, { signal }) {
        yield { text };
        if (text === 'wait') await once(signal, 'abort');
      },
      clientStream: async () => ({ text: '' }),
      async *bidi() {
        yield { text: '' };
      },
    });
    channel = createChannel(`127.0.0.1:${await server.listen('127.0.0.1:0')}`);
    const client = createClient(EchoService, channel);
    await client.unary({ text: 'a' });
    await client.unary({ text: 'b' });
    await expect(client.unary({ text: 'refuse' })).rejects.toThrow('no such thing');
    for await (const _ of client.serverStream({ text: '' }));
    for await (const _ of client.serverStream({ text: 'wait' })) break;
    for await (const _ of client.bidi((async function* () {})()));

    const method = (name: string) => ({ 'rpc.system.name': 'grpc', 'rpc.method': `test.Echo/${name}` });
    await vi.waitFor(async () =>
      expect(await pointsOf('rpc.server.call.duration')).toEqual([
        { unit: 's', attributes: { ...method('Unary'), 'rpc.status_code': 'OK' }, value: 2 },
        {
          unit: 's',
          attributes: { ...method('Unary'), 'rpc.status_code': 'NOT_FOUND', 'error.type': 'NOT_FOUND' },
          value: 1,
        },
        { unit: 's', attributes: { ...method('ServerStream'), 'rpc.status_code': 'OK' }, value: 1 },
        { unit: 's', attributes: { ...method('ServerStream'), 'rpc.status_code': 'CANCELLED' }, value: 1 },
      ]),
    );
  } finally {
    channel?.close();
    await server?.shutdown();
  }
});

it('HTTP requests are measured by route, never by path; probes not at all', async () => {
  const app = new Hono();
  app.use(httpServerTracing({ untraced: (path) => path === '/live' }));
  app.get('/live', (c) => c.text(''));
  app.get('/runs/:id', (c) => c.text(c.req.param('id')));
  app.get('/broken', () => {
    throw new TypeError('broken');
  });
  app.onError((_, c) => c.text('', 500));
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  for (const path of ['runs/1', 'runs/2', 'nowhere', 'broken', 'live']) await fetch(`http://127.0.0.1:${port}/${path}`);
  server.close();

  const get = { 'http.request.method': 'GET', 'url.scheme': 'http' };
  expect(await pointsOf('http.server.request.duration')).toEqual([
    { unit: 's', attributes: { ...get, 'http.route': '/runs/:id', 'http.response.status_code': 200 }, value: 2 },
    { unit: 's', attributes: { ...get, 'http.response.status_code': 404 }, value: 1 },
    {
      unit: 's',
      attributes: { ...get, 'http.route': '/broken', 'http.response.status_code': 500, 'error.type': 'TypeError' },
      value: 1,
    },
  ]);
});

let database: TemporaryDatabase;
let pool: Pool;
let temporary: () => Promise<TemporaryDatabase>;
beforeAll(async () => {
  await startRecording().telemetry.shutdown(); // pg is loaded after it is instrumented
  const { temporaryDatabase } = await import('@hatchet-ts/storage/embedded');
  const { default: pg } = await import('pg');
  temporary = temporaryDatabase;
  database = await temporaryDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('queries are measured whether they are traced or not, without their text', async () => {
  await pool.query('SELECT 1');
  await runSpan('queue', {}, () => pool.query('SELECT 2'));
  await expect(pool.query('SELECT 1/0')).rejects.toThrow();
  const points = await pointsOf('db.client.operation.duration');
  expect(points.map(({ unit, value }) => ({ unit, value }))).toEqual([
    { unit: 's', value: 2 },
    { unit: 's', value: 1 },
  ]);
  const { port, hostname, pathname } = new URL(database.url);
  const attributes = {
    'db.system.name': 'postgresql',
    'db.namespace': pathname.slice(1),
    'db.operation.name': 'SELECT',
    'server.address': hostname,
    'server.port': Number(port),
  };
  expect(points.map((point) => point.attributes)).toEqual([attributes, { ...attributes, 'error.type': '22012' }]);
  expect(await recording.tree()).toMatch(/^hatchet\.run\/queue INTERNAL\n {2}pg\.query:SELECT \S+ CLIENT$/);
});

it('pg.Query, cursors, streams and COPY are measured once each', async () => {
  const { default: pg } = await import('pg');
  const { default: Cursor } = await import('pg-cursor');
  const { default: QueryStream } = await import('pg-query-stream');
  const { to: copyTo } = await import('pg-copy-streams');
  const client = await pool.connect();
  await once(client.query(new pg.Query('SELECT 1')), 'end');
  const cursor = client.query(new Cursor('SELECT 1'));
  await cursor.read(1);
  await cursor.close();
  await client.query(new QueryStream('SELECT 1')).toArray();
  await client.query(copyTo('COPY (SELECT 1) TO STDOUT')).toArray();
  client.release();
  const points = await pointsOf('db.client.operation.duration');
  expect(points.map(({ attributes, value }) => [attributes?.['db.operation.name'], value])).toEqual([
    ['SELECT', 3],
    ['COPY', 1],
  ]);
});

it('connections are counted by database, over all its pools, until the pools end', async () => {
  const { default: pg } = await import('pg');
  const other = await temporary();
  const options = { connectionString: database.url, max: 3 };
  const pools = [new pg.Pool(options), new pg.Pool(options), new pg.Pool({ connectionString: other.url, max: 1 })];
  const [first, second, third] = pools as [Pool, Pool, Pool];
  const used = await Promise.all([first.connect(), first.connect(), second.connect(), third.connect()]);
  const waiting = third.query('SELECT 1');
  used[0].release();

  const connections = async (name: string) =>
    Object.fromEntries(
      (await pointsOf(`db.client.connection.${name}`)).map(({ attributes, value }) => [
        [attributes?.['db.client.connection.pool.name'], attributes?.['db.client.connection.state']].join(' ').trim(),
        value,
      ]),
    );
  const [here, there] = [database, other].map(({ url }) => url.replace(/^.*@/, ''));
  expect(await connections('count')).toMatchObject({ [`${here} used`]: 2, [`${there} used`]: 1, [`${there} idle`]: 0 });
  expect(await connections('pending_requests')).toEqual({ [`${here}`]: 0, [`${there}`]: 1 });
  expect(await connections('max')).toEqual({ [`${here}`]: 2 + 3 + 3, [`${there}`]: 1 });

  for (const client of used.slice(1)) client?.release();
  await waiting;
  await Promise.all(pools.map((ended) => ended.end()));
  expect(await connections('max')).toEqual({ [`${here}`]: 2, [`${there}`]: 0 });
  await other.drop();
});

it('the process is measured: event loop, garbage collection, heap', async () => {
  const expected = ['nodejs.eventloop.utilization', 'nodejs.eventloop.delay.p99', 'v8js.memory.heap.used'];
  await vi.waitFor(async () => expect(await names()).toEqual(expect.arrayContaining(expected)));
});

it('spans, queue and exporters have metrics of their own, so that drops can be alerted on', async () => {
  const collector = await OtlpReceiver.start();
  await recording.telemetry.shutdown();
  reader = new OnDemand();
  recording = startRecording(
    { SERVER_OTEL_COLLECTOR_URL: collector.address, SERVER_OTEL_INSECURE: 'true', SERVER_OTEL_METRICS_ENABLED: 'true' },
    { metricReaders: [reader] },
  );
  runSpan('queue', {}, () => {});
  await recording.telemetry.forceFlush();
  const found = await names();
  for (const name of [
    'otel.sdk.span.started',
    'otel.sdk.processor.span.queue.size',
    'otel.sdk.processor.span.processed',
    'otel.sdk.exporter.span.exported',
    'otel.sdk.exporter.metric_data_point.exported',
  ]) {
    expect(found).toContain(name);
  }
  expect(collector.calls.some(({ bytes }) => bytes.includes('otel.sdk.exporter.span.exported'))).toBe(true);
  collector.stop();
});

it('a series of a gauge ends when it is no longer observed', async () => {
  const collector = await OtlpReceiver.start();
  await recording.telemetry.shutdown();
  const env = { SERVER_OTEL_INSECURE: 'true', SERVER_OTEL_METRICS_ENABLED: 'true', SERVER_OTEL_METRICS_INTERVAL: '1h' };
  recording = startRecording({ ...env, SERVER_OTEL_COLLECTOR_URL: collector.address });
  const { meterProvider } = recording.telemetry;
  const tenants = ['tenant-a', 'tenant-b'];
  meterProvider
    .getMeter('test')
    .createObservableGauge('test.workers')
    .addCallback((result) => {
      for (const tenant of tenants) result.observe(1, { tenant });
    });
  const sent = async () => {
    await recording.telemetry.forceFlush();
    const bytes = collector.calls.at(-1)?.bytes;
    return ['tenant-a', 'tenant-b'].filter((tenant) => bytes?.includes(tenant));
  };
  expect(await sent()).toEqual(['tenant-a', 'tenant-b']);
  tenants.pop();
  expect(await sent()).toEqual(['tenant-a']);
  tenants.pop();
  expect(await sent()).toEqual([]);
  collector.stop();
});

it('nothing is measured if metrics are off', async () => {
  await recording.telemetry.shutdown();
  recording = startRecording();
  const { meterProvider } = recording.telemetry;
  expect(meterProvider.getMeter('test').constructor.name).toBe('NoopMeter');
});

it('an unavailable collector is logged once when it fails and once when it works again', async () => {
  await recording.telemetry.shutdown();
  const collector = await OtlpReceiver.start();
  const lines: string[] = [];
  const log = (_: object, message: string) => void lines.push(message);
  const env = {
    SERVER_OTEL_COLLECTOR_URL: collector.address,
    SERVER_OTEL_INSECURE: 'true',
    SERVER_OTEL_METRICS_ENABLED: 'true',
    SERVER_OTEL_METRICS_INTERVAL: '100ms',
  };
  recording = startRecording(env, { logger: { info: log, warn: log, error: log } });
  await vi.waitFor(() => expect(collector.calls.length).toBeGreaterThan(1));
  collector.stop();
  await vi.waitFor(() => expect(lines).toContain('metrics export fails; retrying'));
  const callsBefore = collector.calls.length;
  await collector.restart();
  await vi.waitFor(() => expect(collector.calls.length).toBeGreaterThan(callsBefore + 1), { timeout: 10_000 });
  expect(lines.filter((line) => line.includes('metrics export'))).toEqual([
    'metrics export fails; retrying',
    'metrics export works again',
  ]);
  collector.stop();
});

describe('the export of metrics', () => {
  const exporting = (address: string) => ({
    SERVER_OTEL_COLLECTOR_URL: address,
    SERVER_OTEL_INSECURE: 'true',
    SERVER_OTEL_METRICS_ENABLED: 'true',
    SERVER_OTEL_METRICS_INTERVAL: '1h',
  });
  const metricsOf = ({ calls }: OtlpReceiver) => calls.filter(({ path }) => path.includes('MetricsService'));

  async function startExport(
    address: string,
    options: Pick<ServerTelemetryOptions, 'authorization'> = {},
  ): Promise<{ flush: () => Promise<void>; lines: unknown[]; meter: Meter }> {
    await recording.telemetry.shutdown();
    const lines: unknown[] = [];
    const log = (fields: object, message: string) => void lines.push({ message, ...fields });
    recording = startRecording(exporting(address), { logger: { info: log, warn: log, error: log }, ...options });
    const { telemetry } = recording;
    return { flush: () => telemetry.forceFlush(), lines, meter: telemetry.meterProvider.getMeter('test') };
  }

  it('divides a request that is too large: 8 histograms of 1,999 series all arrive', async () => {
    const collector = await OtlpReceiver.start();
    const { flush, meter } = await startExport(collector.address);
    for (let name = 0; name < 8; name++) {
      const histogram = meter.createHistogram(`histogram.${name}`);
      for (let series = 0; series < 1999; series++)
        histogram.record(1, { series: `series-${name}-${series}.`.padEnd(99) });
    }
    await flush();
    collector.stop();
    const requests = metricsOf(collector).map(({ bytes }) => bytes);
    expect(requests.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(4 * 1024 * 1024);
    for (const { length } of requests) expect(length + 5).toBeLessThan(1024 * 1024);
    const text = Buffer.concat(requests).toString('latin1');
    expect(new Set(text.match(/series-\d+-\d+\./g)).size).toBe(8 * 1999);
  });

  it('halves what a collector with a lower limit refuses, and loses only a point that is too large by itself', async () => {
    const collector = await OtlpReceiver.start({ maxMessageBytes: 64 * 1024 });
    const { flush, lines, meter } = await startExport(collector.address);
    const counter = meter.createCounter('counter');
    for (let series = 0; series < 1000; series++) counter.add(1, { series: `series-${series}.`.padEnd(300) });
    await flush();
    expect(lines).not.toContainEqual(expect.objectContaining({ message: 'metrics export fails; retrying' }));
    counter.add(1, { series: 'x'.repeat(100_000) });
    await flush();
    collector.stop();
    const text = Buffer.concat(metricsOf(collector).map(({ bytes }) => bytes)).toString('latin1');
    expect(new Set(text.match(/series-\d+\./g)).size).toBe(1000);
    expect(lines).toContainEqual({
      message: 'metrics export fails; retrying',
      endpoint: collector.address,
      error: expect.stringMatching(/^lost data points: 1; last error: .*larger than max/),
    });
  });

  it('is neither stopped by an authorization that hangs nor does it quote one that fails', async () => {
    const collector = await OtlpReceiver.start();
    let authorization: () => Promise<string> = () => new Promise<string>(() => {});
    const { flush, lines } = await startExport(collector.address, { authorization: () => authorization() });
    // The limit of 10 s, in a shorter time.
    const startTimer = setTimeout;
    const shortened = (run: () => void, millis: number) => startTimer(run, millis === 10_000 ? 50 : millis);
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(shortened as typeof setTimeout);
    await flush();
    vi.restoreAllMocks();
    authorization = async () => {
      throw new Error('the vault refused s3cret');
    };
    await flush();
    authorization = async () => 'Bearer s3cret';
    collector.answerNext({ status: 16, details: 'Bearer s3cret has expired' });
    await flush();
    await flush();
    collector.stop();
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    expect(lines.filter((line) => JSON.stringify(line).includes('metrics export'))).toEqual([
      {
        message: 'metrics export fails; retrying',
        endpoint: collector.address,
        error: expect.stringMatching(/^no authorization available: Error$/),
      },
      { message: 'metrics export works again', endpoint: collector.address },
    ]);
  });

  it('logs a message of the collector once', async () => {
    const collector = await OtlpReceiver.start();
    const { flush, lines } = await startExport(collector.address);
    collector.answer({ rejectedSpans: 0, message: 'use gzip' });
    await flush();
    await flush();
    collector.answer({ rejectedSpans: 3, message: 'too many series' });
    await flush();
    await flush();
    const endpoint = collector.address;
    collector.stop();
    expect(lines.filter((line) => JSON.stringify(line).includes('collector'))).toEqual([
      { message: 'collector accepted all metrics, with a message', endpoint, rejected: 0, collector: 'use gzip' },
      { message: 'collector rejected data points; dropping them', endpoint, rejected: 3, collector: 'too many series' },
    ]);
  });
});
