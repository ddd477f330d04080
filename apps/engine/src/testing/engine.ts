import { randomUUID } from 'node:crypto';
import { HatchetClient, type Worker } from '@hatchet-dev/typescript-sdk';
import { Database } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import type { MeterProvider } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Timing } from '../loops/timing.ts';

/** Tenant created by the first migration. */
export const DEFAULT_TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

type WorkerOptions = Extract<Parameters<HatchetClient['worker']>[1], object>;

/** Engine on an empty database, with official SDK clients. */
export interface EngineFixture {
  address: string;
  databaseUrl: string;
  db: Database;
  /** Creates a client of the default tenant, or of another one. */
  client(tenantId?: string): Promise<HatchetClient>;
  /** Creates a tenant; resolves to its id. */
  tenant(): Promise<string>;
  token(request?: { tenantId?: string; scope?: 'operator'; expiresInSeconds?: number }): Promise<string>;
  /** Starts a worker of the SDK; resolves once it listens. */
  work(client: HatchetClient, workflows: WorkerOptions['workflows'], options?: WorkerOptions): Promise<Worker>;
  /** Stops only the engine, if the fixture started it. */
  stopEngine(): Promise<void>;
  stop(): Promise<void>;
}

export async function engineFixture(
  timing: Partial<Timing> = {},
  tracing = false,
  meterProvider?: MeterProvider,
): Promise<EngineFixture> {
  const temporary = await temporaryDatabase();
  // Imported late: a test's telemetry must be started before pg and gRPC are loaded.
  const { startEngine } = await import('../engine.ts');
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const options = {
    databaseUrl: temporary.url,
    bindAddress: '127.0.0.1',
    port: 0,
    log,
    tracing,
    timing,
    ...(meterProvider && { meterProvider }),
  };
  const engine = await startEngine(options);
  const fixture = await clientFixture(temporary.url, engine.address);
  const stopEngine = once(() => engine.stop());
  return {
    ...fixture,
    stopEngine,
    async stop() {
      await fixture.stop();
      await stopEngine();
      await temporary.drop();
    },
  };
}

/** Clients and workers of a running engine. */
export async function clientFixture(databaseUrl: string, address: string): Promise<EngineFixture> {
  const db = new Database(databaseUrl, { applicationName: 'test', max: 2 });
  const workers = new Set<Worker>();

  const token: EngineFixture['token'] = ({ tenantId = DEFAULT_TENANT, ...request } = {}) =>
    issueToken(db, {
      serverUrl: 'http://127.0.0.1:9',
      grpcAddress: address,
      ...(request.scope ? {} : { tenantId }),
      ...request,
    });

  return {
    address,
    databaseUrl,
    db,
    token,
    async client(tenantId) {
      return clientOf(await token(tenantId === undefined ? {} : { tenantId }));
    },
    async tenant() {
      const id = randomUUID();
      await db.query('INSERT INTO tenant (id, name, slug) VALUES ($1, $2, $2)', [id, `tenant-${id}`]);
      return id;
    },
    async work(client, workflows, options) {
      const worker = await client.worker('worker', { slots: 20, handleKill: false, workflows, ...options });
      workers.add(worker);
      worker.start().catch(() => {});
      await worker.waitUntilReady(15_000);
      return worker;
    },
    stopEngine: async () => {},
    async stop() {
      await Promise.all([...workers].map((worker) => worker.stop().catch(() => {})));
      await db.close();
    },
  };
}

/** Creates an official client that logs nothing and hardly retries. */
export function clientOf(token: string, config: { namespace?: string } = {}): HatchetClient {
  return HatchetClient.init({
    token,
    tls_config: { tls_strategy: 'none' },
    // Unused port: the tests need no REST API.
    api_url: 'http://127.0.0.1:9',
    log_level: 'ERROR',
    logger: () => SILENT,
    retrier: { maxAttempts: 1, initialInterval: 0.01, maxJitter: 1 },
    ...config,
  });
}

const SILENT = {
  debug: () => {},
  info: () => {},
  green: () => {},
  warn: () => {},
  error: () => {},
  util: () => {},
};

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
