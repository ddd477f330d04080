import { createTlsContext, describeCollector } from '../collector/collector.ts';
import { proxyOf } from '../configuration/proxy.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import type { TelemetryLogger } from '../logger.ts';
import { loadOtlp } from '../modules.ts';
import { resolveHost } from './connection.ts';
import { ExportProbe } from './export-probe.ts';
import { awaitHttp2Settings, type Http2Options } from './http2-settings.ts';
import { Route } from './route.ts';
import { STEPS, StepFailure, type StepName, type StepResult } from './step.ts';
import { handshake } from './tls-handshake.ts';

/**
 * Checks every step between this process and a collector that accepts its telemetry, in order and with the settings of
 * the service. Never rejects: a failure is a result.
 *
 * @param millis timeout of one step
 */
export async function checkCollector(
  configuration: EffectiveConfiguration,
  logger: TelemetryLogger,
  millis: number,
): Promise<readonly StepResult[]> {
  const { collector: endpoint, insecure, metricsEnabled, tlsServerName } = configuration.values;
  if (endpoint === undefined) return [];
  const proxy = proxyOf(configuration.values);
  const route = new Route(endpoint, proxy, millis);
  const results: StepResult[] = [];
  const record = (step: StepName, result: StepResult['result'], detail: string) =>
    results.push({ step, result, detail });
  let step: StepName = 'resolve';
  let close = () => {};
  try {
    const addresses = await resolveHost(route.firstHop.host, millis);
    record(step, 'passed', addresses.join(', '));

    step = 'connect';
    let tls: Http2Options['tls'];
    let socket = await route.connectTcp(addresses);
    record(step, 'passed', `${socket.remoteAddress} port ${socket.remotePort}`);

    step = 'proxy';
    const tunnel = await route.tunnel(socket);
    if (tunnel !== undefined) record(step, 'passed', tunnel);

    step = 'tls';
    if (insecure) {
      record(step, 'skipped', 'SERVER_OTEL_INSECURE is true');
    } else {
      const context = createTlsContext(configuration.tls);
      const hasOwnRoots = configuration.tls.rootCa !== undefined;
      const secure = await handshake(socket, {
        host: endpoint.host,
        serverName: tlsServerName,
        context,
        hasOwnRoots,
        millis,
      });
      const subject = secure.getPeerX509Certificate()?.subject.replaceAll('\n', ', ');
      record(step, 'passed', `${secure.getProtocol()}, ${subject || 'certificate without a subject'}`);
      const hasClientCertificate = configuration.tls.certificate !== undefined;
      tls = { hasClientCertificate, negotiatedHttp2: secure.alpnProtocol === 'h2' };
      socket = secure;
    }

    step = 'http2';
    await awaitHttp2Settings(socket, {
      collector: endpoint,
      connect: () => route.connect(addresses),
      millis,
      ...(tls && { tls }),
    });
    record(step, 'passed', 'SETTINGS received');

    const otlp = loadOtlp();
    const probe = new ExportProbe(describeCollector(configuration, otlp, logger)!, configuration, otlp, millis);
    close = () => probe.close();
    step = 'authenticate';
    record(step, 'passed', await probe.authenticate());
    step = 'span';
    record(step, 'passed', await probe.sendSpan());
    step = 'metric';
    record(step, 'passed', await probe.sendMetric());
  } catch (error) {
    const failure = error instanceof StepFailure ? error : new StepFailure(String(error), 'unknown');
    const isRequired = step !== 'metric' || metricsEnabled;
    const detail = isRequired
      ? failure.message
      : `${failure.message}; not required: SERVER_OTEL_METRICS_ENABLED is false`;
    results.push(
      isRequired ? { step, result: 'failed', detail, cause: failure.likelyCause } : { step, result: 'skipped', detail },
    );
  } finally {
    close();
  }
  for (const name of Object.keys(STEPS) as StepName[]) {
    if (name === 'proxy' && proxy === undefined) continue;
    if (!results.some(({ step: done }) => done === name)) record(name, 'skipped', 'not reached');
  }
  return results;
}
