import { join } from 'node:path';
import { Database } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import type { Collector } from './collector.ts';
import { type Resource, Resources } from './resources.ts';
import { ServiceProcess } from './service-process.ts';

const APPS = join(import.meta.dirname, '../../apps');

export interface DeploymentOptions {
  /** For the services' logs. */
  folder: string;
  /** The engine's environment besides its addresses and its database. */
  engine?: Record<string, string>;
  /** The API's, likewise. */
  api?: Record<string, string>;
  /** URL of a database that the test keeps itself; else one is made on the server of the test run. */
  databaseUrl?: string;
}

/** Engine and API as processes of their own, on a database of their own. */
export class Deployment implements Resource {
  readonly api: ServiceProcess;
  readonly database: Database;
  readonly tenantId: string;
  /** An API token of the tenant. */
  readonly token: string;
  readonly #parts: Resources;
  readonly #startEngine: (port: number) => Promise<ServiceProcess>;
  #engine: ServiceProcess;

  private constructor(parts: Resources, running: Running) {
    this.#parts = parts;
    this.#engine = running.engine;
    this.#startEngine = running.startEngine;
    this.api = running.api;
    this.database = running.database;
    this.tenantId = running.tenantId;
    this.token = running.token;
  }

  /** Both serve. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const parts = new Resources();
    try {
      return new Deployment(parts, await startParts(parts, options));
    } catch (error) {
      await parts.stop().catch((another) => {
        throw new AggregateError([error, another], `${error}\n${another}`);
      });
      throw error;
    }
  }

  /** The one that was started last. */
  get engine(): ServiceProcess {
    return this.#engine;
  }

  /** Starts an engine under the address of the one before, which has ended. */
  async startEngineAgain(): Promise<void> {
    this.#engine = await this.#startEngine(Number(this.#engine.address.split(':').at(-1)));
  }

  /** What a worker or a client needs to reach it. */
  get clientEnvironment(): Record<string, string> {
    return { HATCHET_CLIENT_TOKEN: this.token, HATCHET_CLIENT_TLS_STRATEGY: 'none' };
  }

  /** Stops API and engine by SIGTERM: what they recorded has then been sent. The database stays for questions. */
  async stopServices(): Promise<void> {
    await this.api.stop();
    await this.engine.stop();
  }

  /** Stops everything and drops the database. */
  async stop(): Promise<void> {
    await this.#parts.stop();
  }
}

interface Running extends Pick<Deployment, 'engine' | 'api' | 'database' | 'tenantId' | 'token'> {
  startEngine: (port: number) => Promise<ServiceProcess>;
}

async function startParts(parts: Resources, options: DeploymentOptions): Promise<Running> {
  const url = options.databaseUrl ?? (await ownDatabase(parts));
  const database = new Database(url, { applicationName: 'e2e' });
  parts.defer(() => database.close());
  const startEngine = async (port: number) =>
    parts.use(
      await ServiceProcess.start({
        name: 'engine',
        entry: join(APPS, 'engine/src/main.ts'),
        env: { DATABASE_URL: url, SERVER_GRPC_PORT: String(port), ...options.engine },
        logFile: join(options.folder, 'engine.log'),
      }),
    );
  const engine = await startEngine(0);
  const api = parts.use(
    await ServiceProcess.start({
      name: 'api',
      entry: join(APPS, 'api/src/main.ts'),
      env: { DATABASE_URL: url, SERVER_PORT: '0', SERVER_GRPC_BROADCAST_ADDRESS: engine.address, ...options.api },
      logFile: join(options.folder, 'api.log'),
    }),
  );
  const tenantId = await onlyTenant(database);
  const serverUrl = `http://${api.address}`;
  const token = await issueToken(database, { tenantId, serverUrl, grpcAddress: engine.address });
  return { engine, startEngine, api, database, tenantId, token };
}

async function ownDatabase(parts: Resources): Promise<string> {
  const { url, drop } = await temporaryDatabase();
  parts.defer(drop);
  return url;
}

async function onlyTenant(database: Database): Promise<string> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM tenant');
  return rows[0]!.id;
}

/** `SERVER_OTEL_*` for a service that exports to a Collector. */
export function exportingTo(collector: Collector, serviceName: string, ratio = 1): Record<string, string> {
  return {
    SERVER_OTEL_COLLECTOR_URL: collector.address,
    SERVER_OTEL_SERVICE_NAME: serviceName,
    SERVER_OTEL_TRACE_ID_RATIO: String(ratio),
    SERVER_OTEL_INSECURE: 'true',
  };
}
