import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, runProcess, TcpLink, waitUntil } from '@hatchet-ts/trace-testing';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../deploy/effective-configuration.ts';
import { startService } from '../harness/service.ts';
import { suite } from '../harness/suite.ts';
import type { SpanAccount } from './span-accounts.ts';
import { SystemUnderTest } from './system-under-test.ts';

const { folder, use } = suite();

const MIB = 1024 * 1024;
/** The exporter reads the tenant only. */
const TOKEN = `ey.${Buffer.from('{"sub":"707d0855-80ab-4e1f-a156-f1c4546cbf52"}').toString('base64url')}.`;

describe('API and engine, and a worker that exports to the engine,', () => {
  let [receiver, engine]: OtlpReceiver[] = [];
  let [link, linkToEngine]: TcpLink[] = [];
  let [before, after]: Issued[] = [];
  let env: Record<string, string>;
  let system: SystemUnderTest;
  let worker: RunningProcess;
  beforeAll(async () => {
    [before, after] = await Promise.all([issue('Before'), issue('After')]);
    const [own, engines, other] = await Promise.all([start({ tls: before.tls }), start(), start()]);
    [receiver, engine] = [own, engines];
    [link, linkToEngine] = [await linkTo(own), await linkTo(engines)];
    env = {
      SERVER_OTEL_INSECURE: 'false',
      SERVER_OTEL_METRICS_ENABLED: 'true',
      SERVER_OTEL_METRICS_INTERVAL: '1s',
      ...(await before.write()),
    };
    const starting = SystemUnderTest.start({ folder, exportsTo: link.address, workerExportsTo: other.address, env });
    const entry = join(import.meta.dirname, 'steady-worker.ts');
    worker = use(await startService({ name: 'steady-worker', entry, env: toEngine(linkToEngine.address), folder }));
    system = use(await starting);
  });

  it('come back when all connections go silent: traces, metrics and the exporter to the engine', async () => {
    await system.load.during(async () => {
      await all('before');
      expect(link!.silence()).toBeGreaterThanOrEqual(4);
      expect(linkToEngine!.silence()).toBe(1);
      await all('after the silence');
    });
  });

  it('use a renewed authority and client certificate for the next connection, and so does check', async () => {
    await system.load.during(async () => {
      receiver!.stop();
      await after!.write();
      await receiver!.restart(after!.tls);
      await all('after the renewal');
    });
    const { exitCode } = await check({ SERVER_OTEL_COLLECTOR_URL: link!.address, ...env });
    expect(exitCode).toBe(0);
  });

  it('have lost no span', async () => {
    await system.load.completed();
    await worker.stop();
    expect(engine!.distinctSpans).toBe(ended(worker.log.lines.map(({ text }) => text)).created);
    const accounts = Object.values(await system.end());
    expect(accounts.map(({ exported, queued, dropped }) => ({ exported, queued, dropped }))).toEqual(
      accounts.map(({ created }) => ({ exported: created, queued: 0, dropped: 0 })),
    );
    // `check` has sent a span as well.
    const ofCheck = receiver!.acceptedSpans.filter(({ name }) => name === 'hatchet-server-otel check').length;
    expect(receiver!.distinctSpans - ofCheck).toBe(accounts.reduce((sum, { created }) => sum + created, 0));
  });

  /** Waits for calls of all signals and processes that arrive from now on. */
  async function all(moment: string): Promise<void> {
    await Promise.all([
      exportOf(receiver!, 'TraceService', 2, moment),
      exportOf(receiver!, 'MetricsService', 2, moment),
      exportOf(engine!, 'TraceService', 1, moment),
    ]);
  }
});

describe.concurrent('a process with large spans and many series', () => {
  it.each([
    { limit: 1, refused: 2, lostOfWorker: 1 },
    { limit: 4, refused: 1, lostOfWorker: 0 },
  ])(
    'loses only spans that are larger alone if receivers take $limit MiB',
    async ({ limit, refused, lostOfWorker }) => {
      const [receiver, engine] = await Promise.all([
        start({ maxMessageBytes: limit * MIB }),
        start({ maxMessageBytes: limit * MIB }),
      ]);
      const { code, stdout } = await runProcess('node', [join(import.meta.dirname, 'large-worker.ts')], {
        env: {
          SERVER_OTEL_COLLECTOR_URL: receiver.address,
          SERVER_OTEL_INSECURE: 'true',
          SERVER_OTEL_METRICS_ENABLED: 'true',
          SERVER_OTEL_METRICS_INTERVAL: '1h',
          SERVER_OTEL_SHUTDOWN_TIMEOUT: '60s',
          ...toEngine(engine.address),
        },
        timeoutMs: 150_000, // for a busy machine
      });
      expect(code).toBe(0);
      const { ofWorker, created, exported, queued, dropped, droppedBy } = ended(stdout.split('\n'));
      expect({ created, exported, queued, dropped, refused: droppedBy.refused }).toEqual({
        created: 6002,
        exported: 6002 - refused,
        queued: 0,
        dropped: refused,
        refused,
      });
      expect(receiver.distinctSpans).toBe(exported);
      expect(engine.distinctSpans).toBe(ofWorker - lostOfWorker);
      const metrics = receiver.calls.filter(({ path }) => path.includes('MetricsService')).map(({ bytes }) => bytes);
      const series = Buffer.concat(metrics)
        .toString('latin1')
        .match(/series-\d+-\d+\./g);
      expect(new Set(series).size).toBe(8 * 1999);
    },
  );
});

async function start(options: Parameters<typeof OtlpReceiver.start>[0] = {}): Promise<OtlpReceiver> {
  return use(await OtlpReceiver.start(options));
}

async function linkTo({ address }: OtlpReceiver): Promise<TcpLink> {
  return use(await TcpLink.start({ to: address }));
}

function toEngine(address: string): Record<string, string> {
  return { HATCHET_CLIENT_TOKEN: TOKEN, HATCHET_CLIENT_HOST_PORT: address, HATCHET_CLIENT_TLS_STRATEGY: 'none' };
}

/** Waits until further calls of a service have arrived from so many processes. */
async function exportOf({ calls }: OtlpReceiver, service: string, processes: number, moment: string): Promise<void> {
  const { length } = calls;
  const peers = () => new Set(calls.slice(length).flatMap(({ path, peer }) => (path.includes(service) ? [peer] : [])));
  await waitUntil(`calls of ${service} ${moment}`, () => peers().size >= processes);
}

type Issued = Awaited<ReturnType<typeof issue>>;

/** Creates an authority with a certificate for the collector and one for its clients. */
async function issue(name: string) {
  const authority = await CertificateAuthority.create(name);
  const [server, client] = await Promise.all([
    authority.issue({ name: 'collector', hosts: ['127.0.0.1'] }),
    authority.issue({ name: 'service' }),
  ]);
  const write = async () => {
    const file = async (name: string, content: string) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    return {
      SERVER_OTEL_TLS_ROOT_CA_FILE: await file('ca.crt', authority.certificate),
      SERVER_OTEL_TLS_CERT_FILE: await file('client.crt', client.certificate),
      SERVER_OTEL_TLS_KEY_FILE: await file('client.key', client.key),
    };
  };
  return { tls: { ...server, clientAuthority: authority.certificate }, write };
}

/** Reads the last line of a process of this folder. */
function ended(lines: readonly string[]): SpanAccount & { readonly ofWorker: number } {
  const line = lines.findLast((text) => text.includes('"msg":"ended"'));
  return JSON.parse(line ?? 'null') as SpanAccount & { readonly ofWorker: number };
}
