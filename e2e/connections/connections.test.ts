import { join } from 'node:path';
import { ConnectProxy } from '@hatchet-ts/trace-testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../deploy/effective-configuration.ts';
import { distinctSpans, type SpanAccounts } from '../faults/span-accounts.ts';
import { SystemUnderTest, UNAVAILABLE } from '../faults/system-under-test.ts';
import { suite } from '../harness/suite.ts';
import { type ListeningCollector, PORTS, SERVER_NAME, startListeningCollector } from './collector.ts';

const { folder, use } = suite();

type Environment = (listening: ListeningCollector) => Record<string, string>;

const WITH_SERVER_NAME = { SERVER_OTEL_INSECURE: 'false', SERVER_OTEL_TLS_SERVER_NAME: SERVER_NAME };
const WITH_CA_FILE: Environment = ({ files }) => ({ ...WITH_SERVER_NAME, SERVER_OTEL_TLS_ROOT_CA_FILE: files.ca });

const VALID: [name: string, port: number, env: Environment][] = [
  ['plaintext', PORTS.plaintext, () => ({ SERVER_OTEL_INSECURE: 'true' })],
  ['connections that end after a second', PORTS.aging, () => ({ SERVER_OTEL_INSECURE: 'true' })],
  ['TLS with a system authority', PORTS.tls, ({ files }) => ({ ...WITH_SERVER_NAME, SSL_CERT_FILE: files.ca })],
  [
    'TLS with an authority of NODE_EXTRA_CA_CERTS',
    PORTS.tls,
    ({ files }) => ({ ...WITH_SERVER_NAME, NODE_EXTRA_CA_CERTS: files.ca }),
  ],
  ['TLS with its own authority', PORTS.tls, WITH_CA_FILE],
  [
    'mutual TLS',
    PORTS.mutualTls,
    (listening) => ({
      ...WITH_CA_FILE(listening),
      SERVER_OTEL_TLS_CERT_FILE: listening.files.certificate,
      SERVER_OTEL_TLS_KEY_FILE: listening.files.key,
    }),
  ],
  [
    'TLS and a token',
    PORTS.token,
    (listening) => ({ ...WITH_CA_FILE(listening), SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${listening.token}` }),
  ],
];

/** Wrong configurations, with the step of `check` that fails and a part of its advice. */
const WRONG: [name: string, port: number | undefined, env: Environment, step: string, cause: string][] = [
  ['plaintext to TLS', PORTS.tls, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'http2', 'the collector speaks TLS'],
  ['TLS to plaintext', PORTS.plaintext, WITH_CA_FILE, 'tls', 'SERVER_OTEL_INSECURE=true'],
  ['the port of OTLP over HTTP', PORTS.http, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'http2', '4317'],
  ['an unknown authority', PORTS.tls, () => WITH_SERVER_NAME, 'tls', 'set SERVER_OTEL_TLS_ROOT_CA_FILE'],
  [
    'another authority',
    PORTS.tls,
    ({ files }) => ({ ...WITH_SERVER_NAME, SERVER_OTEL_TLS_ROOT_CA_FILE: files.otherCa }),
    'tls',
    'SERVER_OTEL_TLS_ROOT_CA_FILE',
  ],
  ['a certificate for another name', PORTS.otherName, WITH_CA_FILE, 'tls', 'SERVER_OTEL_TLS_SERVER_NAME'],
  ['an expired certificate', PORTS.expired, WITH_CA_FILE, 'tls', 'renew'],
  ['no client certificate', PORTS.mutualTls, WITH_CA_FILE, 'http2', 'SERVER_OTEL_TLS_CERT_FILE'],
  [
    'a stranger’s client certificate',
    PORTS.mutualTls,
    (listening) => ({
      ...WITH_CA_FILE(listening),
      SERVER_OTEL_TLS_CERT_FILE: listening.files.strangersCertificate,
      SERVER_OTEL_TLS_KEY_FILE: listening.files.strangersKey,
    }),
    'http2',
    'certificate',
  ],
  ['no token', PORTS.token, WITH_CA_FILE, 'authenticate', 'the collector requires a token'],
  [
    'a wrong token',
    PORTS.token,
    (listening) => ({ ...WITH_CA_FILE(listening), SERVER_OTEL_COLLECTOR_AUTH: 'Bearer wrong' }),
    'authenticate',
    'the token is rejected',
  ],
  ['no listener', undefined, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'connect', 'nothing listens'],
];

describe.concurrent('a service', () => {
  let listening: ListeningCollector;
  beforeAll(async () => {
    listening = await startListeningCollector(join(folder, 'collector'));
    use(listening.collector);
  });

  const addressOf = (port: number | undefined) =>
    port === undefined ? '127.0.0.1:1' : listening.collector.addressOf(port);

  it.each(VALID)('exports over %s, and check passes', async (name, port, env) => {
    const { steps, exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: addressOf(port), ...env(listening) });
    expect(steps.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(exitCode).toBe(0);

    const system = await serve(name, addressOf(port), env);
    await expectAllDelivered(name, await system.end());
    const { api, engine } = system.deployment;
    expect([api, engine].flatMap(({ log }) => log.matching({ msg: UNAVAILABLE }))).toEqual([]);
  });

  it('exports over TLS through a proxy that is cut once, and check passes', async () => {
    const name = 'TLS through a proxy';
    const target = `${SERVER_NAME}:${PORTS.tls}`; // only the proxy knows this name
    const authorization = `Basic ${Buffer.from('user:hidden').toString('base64')}`;
    const routes = { [target]: addressOf(PORTS.tls) };
    const proxy = use(await ConnectProxy.start({ authorization, routes }));
    const through = {
      SERVER_OTEL_TLS_ROOT_CA_FILE: listening.files.ca,
      HTTPS_PROXY: `http://user:hidden@${proxy.address}`,
    };
    const { steps, exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: target, ...through });
    expect(steps).toContainEqual(expect.objectContaining({ step: 'proxy', result: 'passed' }));
    expect(exitCode).toBe(0);

    const system = await serve(
      name,
      target,
      () => ({ ...through, SERVER_OTEL_INSECURE: 'false' }),
      async () => {
        await listening.collector.traces.until('the first spans', (all) => distinctSpans(all, name) > 0);
        proxy.cut();
      },
    );
    await expectAllDelivered(name, await system.end());
    expect(new Set(proxy.requests)).toEqual(new Set([target]));
    const { api, engine } = system.deployment;
    expect(JSON.stringify([api.log.lines, engine.log.lines])).not.toContain('user:hidden');
  });

  it.each(WRONG)('keeps serving with %s, and check reports the remedy', async (name, port, env, step, cause) => {
    const { steps, exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: addressOf(port), ...env(listening) });
    expect(steps.find(({ result }) => result === 'failed')).toMatchObject({
      step,
      cause: expect.stringContaining(cause),
    });
    expect(exitCode).toBe(1);

    const system = await serve(name, addressOf(port), env);
    const accounts = await system.end();
    for (const { exported } of Object.values(accounts)) expect(exported).toBe(0);
  });

  /** Expects that the Collector stored every created span, counted by distinct id. */
  async function expectAllDelivered(name: string, accounts: SpanAccounts): Promise<void> {
    const exported = Object.values(accounts).reduce((sum, own) => sum + own.exported, 0);
    expect(exported).toBe(Object.values(accounts).reduce((sum, own) => sum + own.created, 0));
    await listening.collector.traces.until('all spans of the services', (all) => distinctSpans(all, name) === exported);
  }

  /** Starts services and runs at least five tasks, which complete whether their spans are exported or not. */
  async function serve(
    name: string,
    exportsTo: string,
    env: Environment,
    fault: () => Promise<void> = async () => {},
  ): Promise<SystemUnderTest> {
    const system = use(
      await SystemUnderTest.start({
        folder: join(folder, name.replaceAll(/\W+/g, '-')),
        exportsTo,
        workerExportsTo: listening.collector.addressOf(PORTS.plaintext),
        env: { SERVER_OTEL_SERVICE_NAME: name, SERVER_OTEL_SHUTDOWN_TIMEOUT: '2s', ...env(listening) },
      }),
    );
    await system.load.during(async () => {
      await fault();
      await system.load.grownBy(5);
    });
    await system.load.completed();
    return system;
  }
});
