import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../check/command.ts';
import type { ServerTelemetry } from '../process-telemetry.ts';
import { runSpan } from '../spans/run-span.ts';
import { type ServerTelemetryOptions, startServerTelemetry } from '../start.ts';
import { SILENT } from '../testing/recording.ts';
import { type TemporaryFiles, temporaryFiles } from '../testing/temporary-files.ts';
import { type TlsCases, tlsCases } from '../testing/tls-cases.ts';

let tls: TlsCases;
let files: TemporaryFiles;
let telemetry: ServerTelemetry | undefined;
beforeAll(async () => {
  tls = await tlsCases();
  files = temporaryFiles();
});
afterEach(() => telemetry?.shutdown());
afterAll(() => {
  tls.close();
  files.remove();
});

/** Records one span and returns the number of calls that reach the collector. */
async function callsOf(
  collector: OtlpReceiver,
  env: Record<string, string>,
  options: Partial<ServerTelemetryOptions> = {},
): Promise<number> {
  await telemetry?.shutdown();
  const before = collector.calls.length;
  telemetry = startServerTelemetry({
    env: {
      SERVER_OTEL_COLLECTOR_URL: `localhost:${collector.port}`,
      SERVER_OTEL_SHUTDOWN_TIMEOUT: '300ms',
      ...env,
    },
    logger: SILENT,
    ...options,
  });
  runSpan('queue', {}, () => {});
  await telemetry.shutdown();
  return collector.calls.length - before;
}

describe('over TLS the export', () => {
  it('trusts the authorities of its CA file and of no other', async () => {
    const collector = await tls.collector('good');
    expect(await callsOf(collector, { SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca })).toBe(1);
    expect(await callsOf(collector, { SERVER_OTEL_TLS_ROOT_CA_FILE: tls.otherCa })).toBe(0);
    expect(await callsOf(collector, {})).toBe(0);
  });

  it('rejects an expired certificate and one for another host', async () => {
    const ca = { SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca };
    expect(await callsOf(await tls.collector('expired'), ca)).toBe(0);
    const elsewhere = await tls.collector('wrongHost');
    expect(await callsOf(elsewhere, ca)).toBe(0);
    expect(await callsOf(elsewhere, { ...ca, SERVER_OTEL_TLS_SERVER_NAME: 'collector.example.com' })).toBe(1);
    expect(await callsOf(elsewhere, { ...ca, SERVER_OTEL_TLS_SERVER_NAME: 'other.example.com' })).toBe(0);
  });

  it('presents its client certificate to a collector that requires one', async () => {
    const collector = await tls.collector('mutual');
    const ca = { SERVER_OTEL_TLS_ROOT_CA_FILE: tls.ca };
    const own = { SERVER_OTEL_TLS_CERT_FILE: tls.clientCert, SERVER_OTEL_TLS_KEY_FILE: tls.clientKey };
    const stranger = { SERVER_OTEL_TLS_CERT_FILE: tls.strangerCert, SERVER_OTEL_TLS_KEY_FILE: tls.strangerKey };
    expect(await callsOf(collector, { ...ca, ...own })).toBe(1);
    expect(await callsOf(collector, ca)).toBe(0);
    expect(await callsOf(collector, { ...ca, ...stranger })).toBe(0);
  });

  it('is not weakened by variables of other programs', async () => {
    const collector = await tls.collector('good');
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    vi.stubEnv('OTEL_EXPORTER_OTLP_INSECURE', 'true');
    vi.stubEnv('GRPC_DEFAULT_SSL_ROOTS_FILE_PATH', tls.ca);
    expect(await callsOf(collector, {})).toBe(0);
    vi.unstubAllEnvs();
  });

  it('trusts the system’s authorities if no CA file is set', async () => {
    const { port } = await tls.collector('good');
    const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
    // OpenSSL, and so Go and Node.js, read the system's authorities from this variable.
    const env = { PATH: process.env.PATH, SSL_CERT_FILE: tls.ca, SERVER_OTEL_COLLECTOR_URL: `localhost:${port}` };
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'check'], { env });
    expect(stdout).toContain('✓ span');
  });
});

describe('renewed files', () => {
  /** Creates an authority of its own, and what both sides need of it. */
  async function issue(name: string) {
    const authority = await CertificateAuthority.create(name);
    const server = await authority.issue({ name: 'collector', hosts: ['localhost'] });
    const client = await authority.issue({ name: 'engine' });
    const write = (as: string) => ({
      SERVER_OTEL_TLS_ROOT_CA_FILE: files.write(`${as}-ca.crt`, authority.certificate),
      SERVER_OTEL_TLS_CERT_FILE: files.write(`${as}.crt`, client.certificate),
      SERVER_OTEL_TLS_KEY_FILE: files.write(`${as}.key`, client.key),
    });
    return { tls: { ...server, clientAuthority: authority.certificate }, client, write };
  }

  it('are used for the next connection, by traces and metrics, and by check', async () => {
    const [before, after] = [await issue('Before'), await issue('After')];
    const collector = await OtlpReceiver.start({ tls: before.tls });
    const env = {
      SERVER_OTEL_COLLECTOR_URL: `localhost:${collector.port}`,
      SERVER_OTEL_METRICS_ENABLED: 'true',
      SERVER_OTEL_METRICS_INTERVAL: '1h',
      ...before.write('renewed'),
    };
    const lines: string[] = [];
    const log = (_: object, message: string) => void lines.push(message);
    const running = startServerTelemetry({ env, logger: { info: log, warn: log, error: log } });
    telemetry = running;
    const send = async () => {
      runSpan('queue', {}, () => {});
      await running.forceFlush();
    };
    const arrived = () => new Set(collector.calls.splice(0).map(({ path }) => path.split('.').at(-1)));
    const both = new Set(['TraceService/Export', 'MetricsService/Export']);
    await send();
    expect(arrived()).toEqual(both);

    collector.stop();
    await collector.restart(after.tls);
    after.write('renewed');
    await send();
    expect(arrived()).toEqual(both);
    expect(running.status()).toMatchObject({ created: 2, exported: 2 });
    expect(lines.filter((line) => line.includes('metrics export fails'))).toEqual([]);
    const ignore = () => {};
    expect(await runCli(['check'], env, { write: ignore, writeError: ignore, color: false })).toBe(0);
    collector.stop();
  });

  it('that do not fit together yet leave the last ones in use, with one warning', async () => {
    const [before, after] = [await issue('Before'), await issue('After')];
    const collector = await OtlpReceiver.start({ tls: before.tls });
    const env = { SERVER_OTEL_COLLECTOR_URL: `localhost:${collector.port}`, ...before.write('half') };
    const lines: object[] = [];
    const warn = (fields: object, message: string) => void lines.push({ message, ...fields });
    const running = startServerTelemetry({ env, logger: { ...SILENT, warn } });
    telemetry = running;
    const send = async () => {
      runSpan('queue', {}, () => {});
      await running.forceFlush();
    };
    files.write('half.crt', after.client.certificate);
    await send();
    await send();
    expect(running.status()).toMatchObject({ exported: 2 });
    expect(lines).toEqual([
      {
        message: 'renewed TLS files are unusable; keeping the last ones; renew the files again',
        paths: Object.values(env).slice(1),
        expected: [expect.stringContaining('this key belongs to another certificate')],
      },
    ]);
    collector.stop();
  });
});

describe('the authorization', () => {
  it('is read again when its file changes, without a restart', async () => {
    const collector = await OtlpReceiver.start();
    const path = files.write('token', 'Bearer first\n');
    const env = {
      SERVER_OTEL_COLLECTOR_URL: collector.address,
      SERVER_OTEL_INSECURE: 'true',
      SERVER_OTEL_COLLECTOR_AUTH_FILE: path,
    };
    const running = startServerTelemetry({ env, logger: SILENT });
    telemetry = running;
    const sent = async () => {
      runSpan('queue', {}, () => {});
      await running.forceFlush();
      return collector.calls.at(-1)?.headers.authorization;
    };
    expect(await sent()).toBe('Bearer first');
    // Like Kubernetes: a new file replaces the old one.
    writeFileSync(`${path}.new`, 'Bearer second');
    renameSync(`${path}.new`, path);
    expect(await sent()).toBe('Bearer second');
    // In the middle of a rotation the file may be empty: the last value stays.
    writeFileSync(path, '');
    expect(await sent()).toBe('Bearer second');
    collector.stop();
  });

  it('may come from a callback of the application, for each call', async () => {
    const collector = await OtlpReceiver.start();
    const env = { SERVER_OTEL_COLLECTOR_URL: collector.address, SERVER_OTEL_INSECURE: 'true' };
    let calls = 0;
    const authorization = async () => `Bearer ${++calls}`;
    for (const expected of ['Bearer 1', 'Bearer 2']) {
      expect(await callsOf(collector, env, { authorization })).toBe(1);
      expect(collector.calls.at(-1)?.headers.authorization).toBe(expected);
    }
    collector.stop();
  });
});

describe('compression', () => {
  it.each([
    ['gzip', 1],
    ['none', 0],
  ])('%s is applied on the wire', async (compression, flag) => {
    // A gRPC server would show the message decompressed only, so this collector is plain HTTP/2.
    const requests: { encoding: unknown; flag: number | undefined }[] = [];
    const server = createHttp2Server().on('stream', (stream, headers) => {
      stream.once('data', (bytes: Buffer) => {
        requests.push({ encoding: headers['grpc-encoding'] ?? 'none', flag: bytes[0] });
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    telemetry = startServerTelemetry({
      env: {
        SERVER_OTEL_COLLECTOR_URL: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        SERVER_OTEL_INSECURE: 'true',
        SERVER_OTEL_COMPRESSION: compression,
        SERVER_OTEL_SHUTDOWN_TIMEOUT: '300ms',
      },
      logger: SILENT,
    });
    runSpan('queue', {}, () => {});
    await telemetry.shutdown();
    server.close();
    expect(requests[0]).toEqual({ encoding: compression, flag });
  });
});
