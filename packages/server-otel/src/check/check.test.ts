import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { ConnectProxy, type ConnectProxyOptions, runProcess, startProcess } from '@hatchet-ts/trace-testing';
import { type Answer, OtlpReceiver, type ReceivedCall, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TlsCases, tlsCases } from '../testing/tls-cases.ts';
import { EXIT, runCli } from './command.ts';
import type { CheckReport } from './report.ts';

let tls: TlsCases;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  tls = await tlsCases();
});
afterAll(() => {
  tls.close();
  for (const close of closing) close();
});

async function run(env: Record<string, string>, args: string[] = []) {
  let [out, err] = ['', ''];
  const code = await runCli(['check', '--config', '/nowhere', ...args], env, {
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
    color: false,
  });
  return { code, out, err };
}

async function report(env: Record<string, string>): Promise<CheckReport> {
  const { code, out, err } = await run(env, ['--json']);
  expect(err).toBe('');
  const parsed = JSON.parse(out) as CheckReport;
  expect(parsed.exitCode).toBe(code);
  expect(parsed.ok).toBe(code === EXIT.ok);
  return parsed;
}

/** Returns the failed step with its observed result and likely cause. */
async function failureOf(env: Record<string, string>): Promise<string> {
  const { steps, exitCode } = await report(env);
  const failed = steps.filter(({ result }) => result === 'failed');
  expect(exitCode).toBe(EXIT.failed);
  expect(failed).toHaveLength(1);
  expect(steps.slice(steps.indexOf(failed[0]!) + 1).every(({ detail }) => detail === 'not reached')).toBe(true);
  return failed.map(({ step, detail, cause }) => `${step}: ${detail} | ${cause}`).join();
}

/** Answer of a collector that accepts only one value of the `Authorization` header. */
const accepting =
  (authorization: string) =>
  ({ headers }: ReceivedCall): Answer =>
    headers.authorization === authorization ? 'accept' : { status: status.UNAUTHENTICATED, details: 'invalid token' };

async function plaintext(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const collector = await OtlpReceiver.start(options);
  closing.push(() => collector.stop());
  return collector;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const insecure = (address: string) => ({ SERVER_OTEL_COLLECTOR_URL: address, SERVER_OTEL_INSECURE: 'true' });
const secure = ({ port }: Pick<OtlpReceiver, 'port'>, more: Record<string, string> = {}) => ({
  SERVER_OTEL_COLLECTOR_URL: `localhost:${port}`,
  SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca,
  ...more,
});

/** Starts a listener that accepts nothing and fills its queue, so that the kernel drops further attempts to connect. */
async function unansweredAddress(): Promise<string> {
  const script = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, server.address().port + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const listener = await startProcess('node', ['-e', script], { ready: /^\d+$/ });
  const port = Number(listener.readyLine.text);
  const fill = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  closing.push(() => {
    for (const socket of fill) socket.destroy();
    void listener.kill();
  });
  await once(fill[0]!, 'connect');
  return `127.0.0.1:${port}`;
}

describe('check with a working collector', () => {
  it('prints the configuration and its sources, passes every step and exits with 0', async () => {
    const collector = await tls.collector('mutual', { answer: accepting('Bearer geheim') });
    const { code, out, err } = await run(
      secure(collector, {
        SERVER_OTEL_TLS_CERT_FILE: tls.clientCert,
        SERVER_OTEL_TLS_KEY_FILE: tls.clientKey,
        SERVER_OTEL_COLLECTOR_AUTH: 'Bearer geheim',
        SERVER_OTEL_METRICS_ENABLED: 'on',
        SERVER_OTEL_SERVICE_NAM: 'x',
      }),
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('geheim');
    expect(out).toMatch(new RegExp(`SERVER_OTEL_COLLECTOR_URL +localhost:${collector.port} +environment`));
    expect(out).toMatch(/SERVER_OTEL_COLLECTOR_AUTH +\(hidden\) +environment/);
    expect(out).toMatch(/SERVER_OTEL_METRICS_INTERVAL +3000ms +default/);
    expect(out).toContain('Warning: SERVER_OTEL_SERVICE_NAM is not a setting of this service');
    expect(out.slice(out.indexOf('Collector\n')).replace(/ +$/gm, '')).toMatch(
      new RegExp(
        [
          'Collector',
          '  ✓ resolve       .*127\\.0\\.0\\.1.*',
          `  ✓ connect       .* port ${collector.port}`,
          '  ✓ tls           TLSv1\\.3, CN=collector',
          '  ✓ http2         SETTINGS received',
          '  ✓ authenticate  accepted',
          '  ✓ span          hatchet-server-otel check was accepted',
          '  ✓ metric        hatchet\\.server_otel\\.check was accepted',
          '$',
        ].join('\n'),
      ),
    );
    expect(collector.calls.map(({ path }) => path.split('/')[1]?.split('.').at(-1))).toEqual([
      'TraceService',
      'TraceService',
      'MetricsService',
    ]);
    expect(collector.calls[1]?.bytes.includes('hatchet-server-otel check')).toBe(true);
  });

  it('does not require a metrics receiver unless metrics are enabled', async () => {
    const collector = await plaintext({ signals: ['trace'] });
    const { steps, ok } = await report(insecure(collector.address));
    expect(ok).toBe(true);
    expect(steps.at(-1)).toMatchObject({
      step: 'metric',
      result: 'skipped',
      detail: expect.stringContaining('not required'),
    });
    expect(await failureOf({ ...insecure(collector.address), SERVER_OTEL_METRICS_ENABLED: 'true' })).toMatch(
      /^metric: 12 UNIMPLEMENTED.* \| this gRPC server has no OTLP receiver for this signal/,
    );
  });

  it('prints a message of the collector', async () => {
    const collector = await plaintext({ answer: { rejectedSpans: 0, message: 'this endpoint moves next week' } });
    const { steps, ok } = await report(insecure(collector.address));
    expect(ok).toBe(true);
    expect(steps.find(({ step }) => step === 'span')?.detail).toBe(
      'hatchet-server-otel check was accepted, with a message of the collector: this endpoint moves next week',
    );
  });

  it('has no steps without a collector URL', async () => {
    expect(await report({})).toMatchObject({ ok: true, steps: [] });
    expect((await run({})).out).toContain('not checked: SERVER_OTEL_COLLECTOR_URL is not set');
  });
});

describe('check reports the failed step and its likely cause:', () => {
  it('a name that does not exist', async () => {
    expect(await failureOf(insecure('no-such-host.invalid:4317'))).toMatch(
      /^resolve: no-such-host\.invalid: (ENOTFOUND|EAI_AGAIN) \| the (name does not exist|DNS server is unreachable)/,
    );
  });

  it('a port that nothing listens on', async () => {
    const server = createHttpServer();
    const address = await listening(server);
    server.close();
    expect(await failureOf(insecure(address))).toBe(
      `connect: ${address}: ECONNREFUSED | nothing listens on this port: is the collector running, and is its OTLP/gRPC receiver (4317) on it?`,
    );
  });

  it('a plaintext collector behind a TLS client', async () => {
    const { port } = await plaintext();
    expect(await failureOf({ SERVER_OTEL_COLLECTOR_URL: `localhost:${port}` })).toMatch(
      /^tls: .* \| this port does not speak TLS: .* set SERVER_OTEL_INSECURE=true for plaintext/,
    );
  });

  it('a TLS collector behind a plaintext client', async () => {
    const { port } = await tls.collector('good');
    expect(await failureOf(insecure(`localhost:${port}`))).toMatch(
      /^http2: .* \| the collector speaks TLS: remove SERVER_OTEL_INSECURE/,
    );
  });

  it('an authority that neither the file nor the system trusts', async () => {
    const collector = await tls.collector('good');
    expect(await failureOf(secure(collector, { SERVER_OTEL_TLS_ROOT_CA_FILE: tls.otherCa }))).toBe(
      'tls: certificate CN=collector was issued by CN=Test CA, which is not among SERVER_OTEL_TLS_ROOT_CA_FILE (UNABLE_TO_VERIFY_LEAF_SIGNATURE) | SERVER_OTEL_TLS_ROOT_CA_FILE must hold the certificate of the authority that issued it',
    );
    expect(await failureOf(secure(collector, { SERVER_OTEL_TLS_ROOT_CA_FILE: '' }))).toMatch(
      /not among the authorities of the system .* \| set SERVER_OTEL_TLS_ROOT_CA_FILE to the certificate/,
    );
  });

  it('an expired certificate', async () => {
    expect(await failureOf(secure(await tls.collector('expired')))).toMatch(
      /^tls: certificate CN=expired expired on 20\d\d-.*Z \| renew the certificate of the collector, or correct the clock/,
    );
  });

  it('a certificate for another host, unless that host is configured', async () => {
    const collector = await tls.collector('wrongHost');
    expect(await failureOf(secure(collector))).toBe(
      'tls: certificate CN=elsewhere is for DNS:collector.example.com, not for localhost | use a name of the certificate in SERVER_OTEL_COLLECTOR_URL, or set SERVER_OTEL_TLS_SERVER_NAME to it',
    );
    const named = { SERVER_OTEL_TLS_SERVER_NAME: 'collector.example.com' };
    expect(await report(secure(collector, named))).toMatchObject({ ok: true });
    expect(await failureOf(secure(collector, { SERVER_OTEL_TLS_SERVER_NAME: 'other.example.com' }))).toContain(
      'not for other.example.com | SERVER_OTEL_TLS_SERVER_NAME must be a name of the certificate',
    );
  });

  it('a client certificate that is missing or issued by another authority', async () => {
    const collector = await tls.collector('mutual');
    expect(await failureOf(secure(collector))).toMatch(
      /^http2: .*CERTIFICATE_REQUIRED.* \| the collector requires a client certificate: set SERVER_OTEL_TLS_CERT_FILE/,
    );
    const stranger = { SERVER_OTEL_TLS_CERT_FILE: tls.strangerCert, SERVER_OTEL_TLS_KEY_FILE: tls.strangerKey };
    expect(await failureOf(secure(collector, stranger))).toMatch(
      /^http2: .* \| the collector (closed .*; probably it )?does not accept the client certificate/,
    );
  });

  it('the port of OTLP over HTTP, plain and with TLS', async () => {
    const http = await listening(createHttpServer((_, response) => response.end('{}')));
    expect(await failureOf(insecure(http))).toMatch(
      /^http2: .* \| an HTTP\/1\.1 server answers: OTLP over gRPC uses port 4317/,
    );
    const { certificate, key } = await tls.authority.issue({ name: 'web', hosts: ['localhost'] });
    const https = await listening(createHttpsServer({ cert: certificate, key }, (_, response) => response.end('{}')));
    const port = Number(https.split(':')[1]);
    expect(await failureOf(secure({ port }))).toMatch(
      /\| this port does not speak HTTP\/2: 4318 is OTLP over HTTP, 4317 gRPC/,
    );
  });

  it('a web server that answers gRPC calls with a page', async () => {
    const server = createHttp2Server((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
    });
    expect(await failureOf(insecure(await listening(server)))).toBe(
      'authenticate: HTTP status code 200 with content-type text/html: an HTTP server answers, not a gRPC server | an HTTP server answers: OTLP over gRPC uses port 4317, 4318 is OTLP over HTTP',
    );
  });

  it('an address that drops all packets, and the program ends', async () => {
    const address = await unansweredAddress();
    const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
    const { code, stdout } = await runProcess('node', [cli, 'check', '--timeout', '0.5'], {
      env: insecure(address),
      timeoutMs: 20_000, // TCP gives up after two minutes
    });
    expect(code).toBe(EXIT.failed);
    expect(stdout).toContain('a firewall or a network policy drops the packets, or the host is down');
  });

  it('a token that is rejected or missing', async () => {
    const collector = await plaintext({ answer: accepting('Bearer right') });
    const wrong = { ...insecure(collector.address), SERVER_OTEL_COLLECTOR_AUTH: 'Bearer wrong' };
    expect(await failureOf(wrong)).toMatch(
      /^authenticate: 16 UNAUTHENTICATED.* \| the token is rejected: wrong, expired/,
    );
    expect(await failureOf(insecure(collector.address))).toMatch(
      /^authenticate: 16 UNAUTHENTICATED.* \| the collector requires a token: set SERVER_OTEL_COLLECTOR_AUTH/,
    );
  });

  it('a gRPC server that is not a collector', async () => {
    const collector = await plaintext({ signals: ['metrics'] });
    expect(await failureOf(insecure(collector.address))).toMatch(
      /^authenticate: 12 UNIMPLEMENTED.* \| this gRPC server has no OTLP receiver/,
    );
  });

  it('a collector that hangs', async () => {
    const collector = await plaintext({ answer: 'hang' });
    const { out } = await run(insecure(collector.address), ['--json', '--timeout', '0.2']);
    const failed = (JSON.parse(out) as CheckReport).steps.find(({ result }) => result === 'failed');
    expect(failed).toMatchObject({ step: 'authenticate', detail: expect.stringContaining('DEADLINE_EXCEEDED') });
  });
});

describe('check through a proxy', () => {
  const NAME = 'collector.example.com:4317';

  async function proxied(options: ConnectProxyOptions, env: Record<string, string> = {}) {
    const proxy = await ConnectProxy.start(options);
    closing.push(() => proxy.stop());
    const base = {
      SERVER_OTEL_COLLECTOR_URL: NAME,
      SERVER_OTEL_INSECURE: 'true',
      HTTPS_PROXY: `http://${proxy.address}`,
    };
    return { proxy, env: { ...base, ...env } };
  }

  it('goes the way of the service, with TLS inside the tunnel, and does not show the credentials', async () => {
    const collector = await tls.collector('wrongHost');
    const { proxy, env } = await proxied(
      {
        authorization: `Basic ${Buffer.from('user:geheim').toString('base64')}`,
        routes: { [NAME]: collector.address },
      },
      { SERVER_OTEL_INSECURE: '', SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca },
    );
    const { code, out } = await run({
      ...env,
      HTTPS_PROXY: `user:geheim@${proxy.address}`,
      no_proxy: 'other,10.0.0.0/8',
    });
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`HTTPS_PROXY +http://\\(hidden\\)@${proxy.address} +environment`));
    expect(out).toMatch(/NO_PROXY +other,10\.0\.0\.0\/8 +environment/);
    expect(out).toMatch(new RegExp(`✓ proxy +${proxy.address} opened a tunnel to ${NAME}`));
    expect(out).toMatch(/✓ tls +TLSv1\.3, CN=elsewhere/);
    expect(out).toMatch(/✓ metric/);
    expect(out).not.toContain('geheim');
    expect(new Set(proxy.requests)).toEqual(new Set([NAME]));
  });

  it('has no step for a proxy that is not used', async () => {
    const collector = await plaintext();
    const { env } = await proxied({ hangs: true }, { SERVER_OTEL_COLLECTOR_URL: collector.address });
    expect((await report(env)).steps.map(({ step }) => step)).not.toContain('proxy');
  });

  it('reports a proxy that requires credentials, rejects them, or forbids the tunnel', async () => {
    const { proxy, env } = await proxied({ authorization: 'Basic right' });
    const failure = `proxy: proxy ${proxy.address} opens no tunnel to ${NAME}`;
    expect(await failureOf(env)).toBe(
      `${failure}: 407 Proxy Authentication Required | the proxy requires credentials: write HTTPS_PROXY=http://user:password@host:port`,
    );
    expect(await failureOf({ ...env, HTTPS_PROXY: `user:geheim@${proxy.address}` })).toBe(
      `${failure}: 407 Proxy Authentication Required | the proxy rejects the credentials in HTTPS_PROXY`,
    );
    const { env: forbidden } = await proxied({});
    expect(await failureOf(forbidden)).toMatch(
      /403 Forbidden \| the proxy forbids this tunnel: allow the host and port/,
    );
  });

  it('reports a closed port and a server that is not a proxy', async () => {
    const { proxy, env } = await proxied({});
    proxy.stop();
    expect(await failureOf(env)).toMatch(
      /^connect: .*ECONNREFUSED \| .* is the proxy running, and is HTTPS_PROXY right\?$/,
    );
    const { address } = await plaintext();
    expect(await failureOf({ ...env, HTTPS_PROXY: address })).toMatch(
      /^proxy: .* \| this is probably not an HTTP proxy/,
    );
  });

  it('finds the cause of a wrong TLS setting behind the proxy', async () => {
    const collector = await tls.collector('wrongHost');
    const { env } = await proxied({ routes: { [NAME]: collector.address } });
    expect(await failureOf(env)).toMatch(/^http2: .* \| the collector speaks TLS: remove SERVER_OTEL_INSECURE/);
  });
});

describe('check exits with 2', () => {
  it('for an invalid configuration, with every problem and warning and without secrets', async () => {
    const env = {
      SERVER_OTEL_COLLECTOR_URL: 'https://x:geheim@y:1',
      SERVER_OTEL_TRACE_ID_RATIO: '2',
      SERVER_OTEL_SERVICE_NAM: 'x',
    };
    const { code, out, err } = await run(env);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n')).toEqual([
      'The configuration is invalid:',
      '  SERVER_OTEL_COLLECTOR_URL=https://(hidden)@y:1: expected host:port without a scheme: write y:1',
      '  SERVER_OTEL_TRACE_ID_RATIO=2: expected a number from 0 to 1, for example 0.25',
      '  Warning: SERVER_OTEL_SERVICE_NAM is not a setting of this service; did you mean SERVER_OTEL_SERVICE_NAME?',
      '',
    ]);
    expect(await report(env)).toMatchObject({
      exitCode: 2,
      problems: [{ value: 'https://(hidden)@y:1' }, { value: '2' }],
      warnings: [expect.stringContaining('SERVER_OTEL_SERVICE_NAM')],
    });
  });

  it.each([[['chekc']], [['check', '--jsno']], [['check', '--timeout', 'soon']], [[]]])(
    'for the command line %j',
    async (args) => {
      let err = '';
      const terminal = { write: () => {}, writeError: (text: string) => (err += text), color: false };
      expect(await runCli(args, {}, terminal)).toBe(2);
      expect(err).toContain('Usage: hatchet-server-otel check');
    },
  );
});

it('the program ends by itself, with the exit status of the check', async () => {
  const collector = await plaintext();
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
  const exit = async (env: Record<string, string>) => {
    const { code, stdout } = await runProcess('node', [cli, 'check', '--json'], { env });
    return [code, (JSON.parse(stdout) as CheckReport).ok];
  };
  expect(await exit(insecure(collector.address))).toEqual([0, true]);
  collector.stop();
  expect(await exit(insecure(collector.address))).toEqual([1, false]);
  expect(await exit({ SERVER_OTEL_QUEUE_SIZE: 'x' })).toEqual([2, false]);
});
