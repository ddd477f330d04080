import { ConnectProxy, type ConnectProxyOptions, waitUntil } from '@hatchet-ts/trace-testing';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ServerTelemetry } from '../process-telemetry.ts';
import { runSpan } from '../spans/run-span.ts';
import { startServerTelemetry } from '../start.ts';
import { SILENT } from '../testing/recording.ts';
import { type TlsCases, tlsCases } from '../testing/tls-cases.ts';

/** A name that only the proxy resolves, as in a network with a proxy. */
const COLLECTOR = 'collector.example.com:4317';

let tls: TlsCases;
let telemetry: ServerTelemetry | undefined;
beforeAll(async () => {
  tls = await tlsCases();
});
afterEach(async () => {
  await telemetry?.shutdown();
  vi.unstubAllEnvs();
});
afterAll(() => tls.close());

async function startProxy(options?: ConnectProxyOptions): Promise<ConnectProxy> {
  const proxy = await ConnectProxy.start(options);
  onTestFinished(() => proxy.stop());
  return proxy;
}

async function startCollector(): Promise<OtlpReceiver> {
  const collector = await OtlpReceiver.start();
  onTestFinished(() => collector.stop());
  return collector;
}

function start(env: Record<string, string>): ServerTelemetry {
  telemetry = startServerTelemetry({
    env: { SERVER_OTEL_COLLECTOR_URL: COLLECTOR, SERVER_OTEL_INSECURE: 'true', ...env },
    logger: SILENT,
  });
  runSpan('queue', {}, () => {});
  return telemetry;
}

describe('through HTTPS_PROXY the export', () => {
  it('reaches a collector whose name only the proxy resolves', async () => {
    const collector = await startCollector();
    const proxy = await startProxy({ routes: { [COLLECTOR]: collector.address } });
    await start({ HTTPS_PROXY: proxy.address }).shutdown();
    expect(proxy.requests).toEqual([COLLECTOR]);
    expect(collector.spans.map(({ name }) => name)).toEqual(['hatchet.run/queue']);
  });

  it('verifies the collector’s certificate for the collector’s name, inside the tunnel', async () => {
    const withCertificate = await tls.collector('wrongHost'); // of collector.example.com
    const withOther = await tls.collector('good'); // of localhost
    for (const [collector, spans] of [
      [withCertificate, 1],
      [withOther, 0],
    ] as const) {
      const proxy = await startProxy({ routes: { [COLLECTOR]: collector.address } });
      const env = {
        HTTPS_PROXY: `http://${proxy.address}`,
        SERVER_OTEL_INSECURE: 'false',
        SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca,
      };
      const running = start({ ...env, SERVER_OTEL_SHUTDOWN_TIMEOUT: spans > 0 ? '1m' : '1s' });
      await running.shutdown();
      expect(proxy.requests).toContain(COLLECTOR);
      expect(collector.spans).toHaveLength(spans);
    }
  });

  it('authenticates to the proxy, and not to the collector, with the credentials of the variable', async () => {
    const collector = await startCollector();
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    const proxy = await startProxy({ authorization, routes: { [COLLECTOR]: collector.address } });
    await start({ https_proxy: `http://user:p%40ss@${proxy.address}` }).shutdown();
    expect(collector.calls.map(({ headers }) => headers)).toEqual([
      expect.not.objectContaining({ authorization: expect.anything(), 'proxy-authorization': expect.anything() }),
    ]);
  });

  it('keeps the spans while the proxy refuses, and leaves no connection to it open', async () => {
    const proxy = await startProxy({ authorization: 'Basic right' });
    const stderr = vi.spyOn(console, 'error');
    const { forceFlush, status } = start({ HTTPS_PROXY: `http://user:geheim@${proxy.address}` });
    void forceFlush();
    await waitUntil('a second attempt', () => proxy.requests.length > 1);
    await waitUntil('closed connections', () => proxy.connections === 0);
    expect(status()).toMatchObject({ queued: 1, dropped: 0 });
    expect(status().lastError).toMatch(
      new RegExp(`^14 UNAVAILABLE: .*proxy ${proxy.address} opens no tunnel to ${COLLECTOR}: 407 Proxy Auth`),
    );
    expect(status().lastError).not.toContain('geheim');
    expect(stderr).not.toHaveBeenCalled();
  });

  it('leaves no connection to a proxy that hangs after the shutdown', async () => {
    const proxy = await startProxy({ hangs: true });
    const running = start({ HTTPS_PROXY: proxy.address, SERVER_OTEL_SHUTDOWN_TIMEOUT: '300ms' });
    void running.forceFlush();
    await waitUntil('a request', () => proxy.requests.length === 1);
    await running.shutdown();
    await waitUntil('closed connections', () => proxy.connections === 0);
  });
});

describe('the export uses no proxy', () => {
  it('for a loopback address or a host in NO_PROXY', async () => {
    const collector = await startCollector();
    const proxy = await startProxy();
    await start({ SERVER_OTEL_COLLECTOR_URL: collector.address, HTTPS_PROXY: proxy.address }).shutdown();
    expect([collector.spans.length, proxy.requests]).toEqual([1, []]);
    const running = start({
      HTTPS_PROXY: proxy.address,
      NO_PROXY: 'example.com',
      SERVER_OTEL_SHUTDOWN_TIMEOUT: '300ms',
    });
    await running.shutdown();
    expect(proxy.requests).toEqual([]);
  });

  it('of the variables that gRPC reads by itself', async () => {
    const collector = await startCollector();
    const proxy = await startProxy();
    for (const name of ['grpc_proxy', 'https_proxy', 'http_proxy']) vi.stubEnv(name, `http://${proxy.address}`);
    await start({ SERVER_OTEL_COLLECTOR_URL: collector.address }).shutdown();
    expect([collector.spans.length, proxy.requests]).toEqual([1, []]);
  });
});
