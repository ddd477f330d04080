import { join } from 'node:path';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { freePort, type Resource, Resources, type RunningProcess } from '@hatchet-ts/trace-testing';
import type { Collector } from './collector.ts';
import { addressOf, startService } from './service.ts';

const APPS = join(import.meta.dirname, '../../apps');

export interface DeploymentOptions {
  /** Folder of the services' logs. */
  folder: string;
  /** Environment of the engine besides its addresses and its database. */
  engine?: Record<string, string>;
  /** Environment of the API, likewise. */
  api?: Record<string, string>;
  /** URL of a database that the test owns. Default: a new database on the server of the test run. */
  databaseUrl?: string;
  /** Exports the spans of both services to the engine's own receiver, as `npm start` does, and serves the page. */
  storesOwnTraces?: boolean;
}

/** Engine and API as processes of their own, on a database of their own. */
export class Deployment implements Resource {
  readonly api: RunningProcess;
  /** `host:port` of the API. */
  readonly apiAddress: string;
  readonly database: Database;
  readonly tenantId: string;
  /** API token of the tenant. */
  readonly token: string;
  readonly #parts: Resources;
  readonly #startEngine: (port: string) => Promise<RunningProcess>;
  #engine: RunningProcess;

  private constructor(parts: Resources, started: StartedParts) {
    this.#parts = parts;
    this.#engine = started.engine;
    this.#startEngine = started.startEngine;
    this.api = started.api;
    this.apiAddress = addressOf(started.api);
    this.database = started.database;
    this.tenantId = started.tenantId;
    this.token = started.token;
  }

  /** Starts engine and API, and waits until both are ready. */
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

  /** The engine that was started last. */
  get engine(): RunningProcess {
    return this.#engine;
  }

  /** Starts a new engine on the address of the previous one, which must have ended. */
  async startEngineAgain(): Promise<void> {
    this.#engine = await this.#startEngine(portOf(addressOf(this.#engine)));
  }

  /** Environment with which a worker or client connects. */
  get clientEnvironment(): Record<string, string> {
    return { HATCHET_CLIENT_TOKEN: this.token, HATCHET_CLIENT_TLS_STRATEGY: 'none' };
  }

  /** Stops API and engine by SIGTERM, so that both export the spans in their queues. The database stays. */
  async stopServices(): Promise<void> {
    await this.api.stop();
    await this.engine.stop();
  }

  /** Stops everything and drops the database. */
  async stop(): Promise<void> {
    await this.#parts.stop();
  }
}

interface StartedParts extends Pick<Deployment, 'engine' | 'api' | 'database' | 'tenantId' | 'token'> {
  startEngine: (port: string) => Promise<RunningProcess>;
}

async function startParts(parts: Resources, options: DeploymentOptions): Promise<StartedParts> {
  const { folder } = options;
  const url = options.databaseUrl ?? (await ownDatabase(parts));
  const database = new Database(url, { applicationName: 'e2e' });
  parts.defer(() => database.close());
  const own = options.storesOwnTraces ? await exportingToItself(database) : undefined;
  const start = async (name: 'engine' | 'api', env: Record<string, string>) =>
    parts.use(
      await startService({
        name,
        entry: join(APPS, name, 'src/main.ts'),
        env: { DATABASE_URL: url, ...env, ...own?.[name], ...options[name] },
        folder,
      }),
    );
  const startEngine = (port: string) => start('engine', { SERVER_GRPC_PORT: port });
  const engine = await startEngine('0');
  const grpcAddress = addressOf(engine);
  const api = await start('api', { SERVER_PORT: '0', SERVER_GRPC_BROADCAST_ADDRESS: grpcAddress });
  const tenantId = await onlyTenant(database);
  const serverUrl = `http://${addressOf(api)}`;
  const token = own?.token ?? (await issueToken(database, { tenantId, serverUrl, grpcAddress }));
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

/** Environments of services that export to the engine. Its address and the tokens must exist before either starts. */
async function exportingToItself(database: Database) {
  await migrate(database);
  const grpcAddress = `127.0.0.1:${await freePort()}`;
  const httpAddress = `127.0.0.1:${await freePort()}`;
  const addresses = { grpcAddress, serverUrl: `http://${httpAddress}` };
  const operator = await issueToken(database, { scope: 'operator', ...addresses });
  const token = await issueToken(database, { tenantId: await onlyTenant(database), ...addresses });
  const environment = (serviceName: string) => ({
    SERVER_GRPC_BROADCAST_ADDRESS: grpcAddress,
    SERVER_OTEL_COLLECTOR_URL: grpcAddress,
    SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${operator}`,
    SERVER_OTEL_SERVICE_NAME: serviceName,
    SERVER_OTEL_TRACE_ID_RATIO: '1',
    SERVER_OTEL_INSECURE: 'true',
  });
  return {
    token,
    engine: { ...environment('engine'), SERVER_GRPC_PORT: portOf(grpcAddress) },
    api: { ...environment('api'), SERVER_PORT: portOf(httpAddress), SERVER_PAGE_TOKEN: token },
  };
}

const portOf = (address: string) => address.slice(address.lastIndexOf(':') + 1);

/** Returns the `SERVER_OTEL_*` of a service that exports to a Collector. */
export function exportingTo(collector: Collector, serviceName: string, ratio = 1): Record<string, string> {
  return {
    SERVER_OTEL_COLLECTOR_URL: collector.address,
    SERVER_OTEL_SERVICE_NAME: serviceName,
    SERVER_OTEL_TRACE_ID_RATIO: String(ratio),
    SERVER_OTEL_INSECURE: 'true',
  };
}
