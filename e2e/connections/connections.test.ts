import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../deploy/effective-configuration.ts';
import { distinctSpans } from '../faults/books.ts';
import { Scene } from '../faults/scene.ts';
import { suite } from '../harness/suite.ts';
import { type Listening, listeningCollector, PORTS, SERVER_NAME } from './collector.ts';

const { folder, use } = suite();

type Environment = (listening: Listening) => Record<string, string>;

const NAMED = { SERVER_OTEL_INSECURE: 'false', SERVER_OTEL_TLS_SERVER_NAME: SERVER_NAME };
const OWN_CA: Environment = ({ files }) => ({ ...NAMED, SERVER_OTEL_TLS_ROOT_CA_FILE: files.ca });

const GOOD: [what: string, port: number, env: Environment][] = [
  ['plaintext', PORTS.plaintext, () => ({ SERVER_OTEL_INSECURE: 'true' })],
  ['TLS with an authority of the system', PORTS.tls, ({ files }) => ({ ...NAMED, SSL_CERT_FILE: files.ca })],
  [
    'TLS with an authority that Node.js is given',
    PORTS.tls,
    ({ files }) => ({ ...NAMED, NODE_EXTRA_CA_CERTS: files.ca }),
  ],
  ['TLS with an authority of its own', PORTS.tls, OWN_CA],
  [
    'mutual TLS',
    PORTS.mutualTls,
    (listening) => ({
      ...OWN_CA(listening),
      SERVER_OTEL_TLS_CERT_FILE: listening.files.certificate,
      SERVER_OTEL_TLS_KEY_FILE: listening.files.key,
    }),
  ],
  [
    'TLS and a token',
    PORTS.token,
    (listening) => ({ ...OWN_CA(listening), SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${listening.token}` }),
  ],
];

/** What is wrong, where `check` sees it, and what it says that one should write. */
const WRONG: [what: string, port: number | undefined, env: Environment, step: string, cause: string][] = [
  ['plaintext to TLS', PORTS.tls, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'http2', 'the collector speaks TLS'],
  ['TLS to plaintext', PORTS.plaintext, OWN_CA, 'tls', 'SERVER_OTEL_INSECURE=true'],
  ['the port of OTLP over HTTP', PORTS.http, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'http2', '4317'],
  ['an unknown authority', PORTS.tls, () => NAMED, 'tls', 'set SERVER_OTEL_TLS_ROOT_CA_FILE'],
  [
    'another authority',
    PORTS.tls,
    ({ files }) => ({ ...NAMED, SERVER_OTEL_TLS_ROOT_CA_FILE: files.otherCa }),
    'tls',
    'SERVER_OTEL_TLS_ROOT_CA_FILE',
  ],
  ['a certificate for another name', PORTS.otherName, OWN_CA, 'tls', 'SERVER_OTEL_TLS_SERVER_NAME'],
  ['an expired certificate', PORTS.expired, OWN_CA, 'tls', 'renew'],
  ['no client certificate', PORTS.mutualTls, OWN_CA, 'http2', 'SERVER_OTEL_TLS_CERT_FILE'],
  [
    'a stranger’s client certificate',
    PORTS.mutualTls,
    (listening) => ({
      ...OWN_CA(listening),
      SERVER_OTEL_TLS_CERT_FILE: listening.files.strangersCertificate,
      SERVER_OTEL_TLS_KEY_FILE: listening.files.strangersKey,
    }),
    'http2',
    'certificate',
  ],
  ['no token', PORTS.token, OWN_CA, 'authenticate', 'the collector asks for a token'],
  [
    'a token that is refused',
    PORTS.token,
    (listening) => ({ ...OWN_CA(listening), SERVER_OTEL_COLLECTOR_AUTH: 'Bearer wrong' }),
    'authenticate',
    'the token is refused',
  ],
  ['nobody there', undefined, () => ({ SERVER_OTEL_INSECURE: 'true' }), 'connect', 'nothing listens'],
];

describe.concurrent('a service', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await listeningCollector(join(folder, 'collector'));
    use(listening.collector);
  });

  const addressOf = (port: number | undefined) =>
    port === undefined ? '127.0.0.1:1' : listening.collector.addressOf(port);

  it.each(GOOD)('exports over %s, and check passes', async (what, port, env) => {
    const { steps, exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: addressOf(port), ...env(listening) });
    expect(steps.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(exitCode).toBe(0);

    const scene = await serve(what, port, env);
    const books = await scene.end();
    const exported = Object.values(books).reduce((sum, own) => sum + own.exported, 0);
    expect(exported).toBe(Object.values(books).reduce((sum, own) => sum + own.created, 0));
    await listening.collector.traces.until('all spans of the services', (all) => distinctSpans(all, what) === exported);
  });

  it.each(WRONG)('goes on serving with %s, and check says what to write', async (what, port, env, step, cause) => {
    const { steps, exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: addressOf(port), ...env(listening) });
    expect(steps.find(({ result }) => result === 'failed')).toMatchObject({
      step,
      cause: expect.stringContaining(cause),
    });
    expect(exitCode).toBe(1);

    const scene = await serve(what, port, env);
    const books = await scene.end();
    for (const { exported } of Object.values(books)) expect(exported).toBe(0);
  });

  /** Runs complete, whatever becomes of their spans. */
  async function serve(what: string, port: number | undefined, env: Environment): Promise<Scene> {
    const scene = use(
      await Scene.start({
        folder: join(folder, what.replaceAll(/\W+/g, '-')),
        exportsTo: addressOf(port),
        workerExportsTo: listening.collector.addressOf(PORTS.plaintext),
        env: { SERVER_OTEL_SERVICE_NAME: what, SERVER_OTEL_SHUTDOWN_TIMEOUT: '2s', ...env(listening) },
      }),
    );
    await scene.load.during(() => scene.load.grownBy(5));
    await scene.load.completed();
    return scene;
  }
});
