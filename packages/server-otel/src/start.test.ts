import { createServer } from 'node:net';
import { OtlpReceiver, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import { diag, metrics, propagation, trace } from '@opentelemetry/api';
import { MetricReader } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ServerTelemetryConfigError } from './configuration/configuration-error.ts';
import type { ServerTelemetry } from './process-telemetry.ts';
import { runSpan } from './spans/run-span.ts';
import { type ServerTelemetryOptions, startServerTelemetry } from './start.ts';
import { SILENT } from './testing/recording.ts';

let telemetry: ServerTelemetry | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  await telemetry?.shutdown();
});

async function startCollector(options?: ReceiverOptions): Promise<OtlpReceiver> {
  const collector = await OtlpReceiver.start(options);
  onTestFinished(() => collector.stop());
  return collector;
}

function start(env: Record<string, string>, options: Omit<ServerTelemetryOptions, 'env' | 'logger'> = {}) {
  const lines: Array<{ level: string; message: string; fields: Record<string, unknown> }> = [];
  const log = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const logger = { info: log('info'), warn: log('warn'), error: log('error') };
  telemetry = startServerTelemetry({ env, logger, ...options });
  return { telemetry, lines };
}

const plaintext = (collector: OtlpReceiver) => ({
  SERVER_OTEL_COLLECTOR_URL: collector.address,
  SERVER_OTEL_INSECURE: 'true',
});

describe('a logger that throws', () => {
  it('harms neither the application nor the export', async () => {
    const collector = await startCollector();
    const fail = () => {
      throw new Error('disk full');
    };
    const logger = { info: fail, warn: fail, error: fail };
    telemetry = startServerTelemetry({
      env: { ...plaintext(collector), SERVER_OTEL_SERVICE_NAM: 'x', SERVER_OTEL_METRICS_ENABLED: 'true' },
      logger,
    });
    collector.answerNext({ status: 14 }, { status: 3 }, { rejectedSpans: 1 }, { rejectedSpans: 0, message: 'hint' });
    diag.warn('a diagnostic');
    for (let round = 0; round < 5; round++) {
      trace.getTracer('test').startSpan('span').end();
      await telemetry.forceFlush();
    }
    expect(telemetry.status()).toMatchObject({ created: 5, queued: 0, droppedBy: { shutdown: 0 } });
    expect(telemetry.status().exported).toBeGreaterThanOrEqual(2);
    await expect(telemetry.shutdown()).resolves.toBeUndefined();
  });
});

it('a start that fails leaves nothing in the process', async () => {
  const reader = new PrometheusLikeReader();
  const first = start({}, { metricReaders: [reader] });
  await first.telemetry.shutdown();
  expect(() => start({}, { metricReaders: [reader] })).toThrow('MetricReader can not be bound');
  expect(propagation.fields()).toEqual([]);
  expect(metrics.getMeterProvider().getMeter('test').constructor.name).toBe('NoopMeter');
  const again = start({}, { metricReaders: [new PrometheusLikeReader()] });
  expect(again.telemetry.enabled).toBe(true);
});

class PrometheusLikeReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

describe('the export', () => {
  it.each(['127.0.0.1', '[::1]'])('delivers recorded spans to %s when it is flushed', async (host) => {
    const collector = await startCollector({ host });
    const { telemetry } = start(plaintext(collector));
    runSpan('queue', {}, () => {});
    await telemetry.forceFlush();
    expect(collector.calls.map(({ path }) => path)).toEqual([
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    ]);
    expect(collector.calls[0]?.bytes.includes('hatchet.run/queue')).toBe(true);
    expect(telemetry.status()).toMatchObject({
      enabled: true,
      endpoint: collector.address,
      created: 1,
      exported: 1,
      queued: 0,
      dropped: 0,
    });
  });

  it('sends the Authorization header only if one is configured, and no header of OTEL_* variables', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20other,x-other=1');
    const collector = await startCollector();
    for (const auth of ['Bearer token-1', '']) {
      const { telemetry } = start({ ...plaintext(collector), SERVER_OTEL_COLLECTOR_AUTH: auth });
      runSpan('queue', {}, () => {});
      await telemetry.shutdown();
    }
    const [first, second] = collector.calls.map(({ headers }) => headers);
    expect(first).toMatchObject({ authorization: 'Bearer token-1' });
    expect(second).not.toHaveProperty('authorization');
    expect({ ...first, ...second }).not.toHaveProperty('x-other');
  });

  it('uses TLS unless configured otherwise, and no OTEL_* variable changes that', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_INSECURE', 'true');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_INSECURE', 'true');
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    const flushed = (env: Record<string, string>) => async (address: string) => {
      const { telemetry } = start({
        SERVER_OTEL_COLLECTOR_URL: address,
        SERVER_OTEL_SHUTDOWN_TIMEOUT: '300ms',
        ...env,
      });
      runSpan('queue', {}, () => {});
      await telemetry.shutdown();
    };
    expect(await firstByteOf(flushed({}))).toBe(0x16);
    expect(await firstByteOf(flushed({ SERVER_OTEL_INSECURE: 'yes' }))).toBe(0x50);
  });

  it('has the resource of the service', async () => {
    const collector = await startCollector();
    vi.stubEnv('OTEL_SERVICE_NAME', 'other');
    const { telemetry } = start(
      {
        ...plaintext(collector),
        SERVER_OTEL_SERVICE_NAME: 'engine',
        K8S_POD_NAME: 'engine-7',
        K8S_POD_NAMESPACE: 'hatchet',
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=renamed,deployment.environment.name=test%20bed',
      },
      { serviceVersion: '1.2.3' },
    );
    let resource: Record<string, unknown> = {};
    runSpan('queue', {}, (span) => {
      if ('resource' in span) resource = (span.resource as { attributes: Record<string, unknown> }).attributes;
    });
    await telemetry.forceFlush();
    expect(resource).toMatchObject({
      'service.name': 'engine',
      'service.version': '1.2.3',
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'library.language': 'nodejs',
      'k8s.pod.name': 'engine-7',
      'k8s.namespace.name': 'hatchet',
      'deployment.environment.name': 'test bed',
      'host.name': expect.any(String),
      'process.pid': process.pid,
      'telemetry.sdk.language': 'nodejs',
    });
    expect(Object.keys(resource).filter((key) => key.startsWith('process.command'))).toEqual([]);
    expect(collector.calls[0]?.bytes.includes('engine-7')).toBe(true);
  });

  it('sends metrics to the same collector if enabled, and none otherwise', async () => {
    const collector = await startCollector();
    const { telemetry } = start({ ...plaintext(collector), SERVER_OTEL_METRICS_ENABLED: 'true' });
    metrics.getMeter('test').createCounter('test.count').add(1);
    await telemetry.shutdown();
    const [call] = collector.calls;
    expect(call?.path).toBe('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export');
    expect(call?.bytes.includes('test.count')).toBe(true);

    const { telemetry: quiet } = start(plaintext(collector));
    metrics.getMeter('test').createCounter('test.count').add(1);
    const before = collector.calls.length;
    await quiet.shutdown();
    expect(collector.calls).toHaveLength(before);
  });
});

describe('the line at the start', () => {
  it('contains the destination and its settings, without the secret', async () => {
    const collector = await startCollector();
    const { lines } = start({
      ...plaintext(collector),
      SERVER_OTEL_COLLECTOR_AUTH: 'Bearer very-secret',
      SERVER_OTEL_TRACE_ID_RATIO: '0.25',
      SERVER_OTEL_SERVICE_NAME: 'engine',
    });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'telemetry export is on',
        fields: { endpoint: collector.address, tls: false, auth: true, ratio: 0.25, service: 'engine', metrics: false },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('very-secret');
  });

  it.each([
    [{}, 'telemetry export is off: SERVER_OTEL_COLLECTOR_URL is not set'],
    [
      { SERVER_OTEL_COLLECTOR_URL: 'collector:4317', OTEL_SDK_DISABLED: 'TRUE' },
      'telemetry export is off: OTEL_SDK_DISABLED is true',
    ],
  ])('contains the reason why nothing is exported', (env: Record<string, string>, message) => {
    const { telemetry, lines } = start(env);
    expect(lines).toEqual([{ level: 'info', message, fields: {} }]);
    expect(telemetry.enabled).toBe(false);
  });

  it('comes after a warning of each unknown variable', () => {
    const { lines } = start({ SERVER_OTEL_SERVICENAME: 'x', SERVER_OTELL: 'not ours' });
    expect(lines.map(({ message }) => message)).toEqual([
      'SERVER_OTEL_SERVICENAME is not a setting of this service; did you mean SERVER_OTEL_SERVICE_NAME?',
      'telemetry export is off: SERVER_OTEL_COLLECTOR_URL is not set',
    ]);
  });
});

describe('an unavailable collector', () => {
  it('is logged once when it becomes unavailable and once when it returns, and receives the spans of the meantime', async () => {
    const collector = await startCollector();
    const { telemetry, lines } = start(plaintext(collector));
    collector.stop();
    for (let span = 0; span < 3; span++) runSpan('queue', {}, () => {});
    const flushed = telemetry.forceFlush();
    await vi.waitFor(() => expect(telemetry.status().lastError).toContain('UNAVAILABLE'));
    expect(telemetry.status()).toMatchObject({ exported: 0, queued: 3, dropped: 0 });
    await collector.restart();
    await flushed;
    expect(telemetry.status()).toMatchObject({ exported: 3, queued: 0, dropped: 0 });
    expect(lines.slice(1).map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'collector is unavailable; queueing spans and retrying'],
      ['info', 'collector is available again'],
    ]);
  });
});

describe('shutdown', () => {
  it('delivers queued spans once, however often it is called', async () => {
    const collector = await startCollector();
    const { telemetry } = start(plaintext(collector));
    for (let span = 0; span < 3000; span++) runSpan('queue', {}, () => {});
    await Promise.all([telemetry.shutdown(), telemetry.shutdown()]);
    await telemetry.shutdown();
    expect(telemetry.status()).toMatchObject({ exported: 3000, dropped: 0 });
    expect(collector.calls).toHaveLength(1);
  });

  it('gives up on a collector that hangs, closes the connection and logs it', async () => {
    const collector = await startCollector({ answer: 'hang' });
    const { telemetry, lines } = start({ ...plaintext(collector), SERVER_OTEL_SHUTDOWN_TIMEOUT: '200ms' });
    runSpan('queue', {}, () => {});
    await expect(telemetry.shutdown()).resolves.toBeUndefined();
    expect(collector.calls).toHaveLength(1);
    expect(lines.at(-1)?.message).toBe('telemetry was shut down with undelivered spans; dropping them');
    expect(telemetry.status()).toMatchObject({ queued: 0, dropped: 1, droppedBy: { shutdown: 1 } });
  });

  it('does not reject if the collector is unreachable, and restores the process', async () => {
    const { telemetry } = start({
      SERVER_OTEL_COLLECTOR_URL: '127.0.0.1:1',
      SERVER_OTEL_INSECURE: 'true',
      SERVER_OTEL_SHUTDOWN_TIMEOUT: '200ms',
    });
    runSpan('queue', {}, () => {});
    await expect(telemetry.shutdown()).resolves.toBeUndefined();
    expect(trace.getTracer('test').startSpan('after').isRecording()).toBe(false);
    expect(start({}).telemetry).not.toBe(telemetry);
  });
});

describe('startServerTelemetry', () => {
  it('returns the running telemetry if it is called again', () => {
    const { telemetry } = start({});
    expect(startServerTelemetry({ env: { SERVER_OTEL_COLLECTOR_URL: 'collector:4317' } })).toBe(telemetry);
  });

  it('rejects an invalid configuration before anything is started, and logs its warnings', () => {
    const warn = vi.fn();
    const env = { SERVER_OTEL_TRACE_ID_RATIO: '2', SERVER_OTEL_SERVICE_NAM: 'x' };
    expect(() => startServerTelemetry({ env, logger: { ...SILENT, warn } })).toThrow(ServerTelemetryConfigError);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      {},
      expect.stringContaining('SERVER_OTEL_SERVICE_NAM is not a setting'),
    );
    expect(start({}).telemetry.enabled).toBe(false);
  });
});

/** Returns the first byte that a client sends: 0x16 begins a TLS handshake, `P` (0x50) plaintext HTTP/2. */
async function firstByteOf(connect: (address: string) => Promise<unknown>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .once('data', (bytes) => {
        resolve(bytes[0] ?? -1);
        socket.destroy();
      }),
  );
  const address = await new Promise<string>((listening) =>
    server.listen(0, '127.0.0.1', () => listening(`127.0.0.1:${(server.address() as { port: number }).port}`)),
  );
  try {
    await connect(address);
    return await promise;
  } finally {
    server.close();
  }
}
