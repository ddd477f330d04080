import { join } from 'node:path';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { freePort } from '../harness/free-port.ts';
import { type Resource, Resources } from '../harness/resources.ts';
import type { Installed } from '../harness/rest.ts';
import { ServiceProcess } from '../harness/service-process.ts';

const APPS = join(import.meta.dirname, '../../apps');
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

/** What `npm start` sets up: an engine that keeps its own traces, an API that hands its page a token, the sample's worker. */
export async function startInstallation(folder: string): Promise<Installed & Resource> {
  const parts = new Resources();
  const { url, drop } = await temporaryDatabase();
  parts.defer(drop);
  const database = new Database(url, { applicationName: 'page suite' });
  parts.defer(() => database.close());
  await migrate(database);
  // The engine is its own collector, and tokens name addresses: these must be known before anything serves.
  const [grpcPort, httpPort] = [await freePort(), await freePort()];
  const grpcAddress = `127.0.0.1:${grpcPort}`;
  const addresses = { grpcAddress, serverUrl: `http://127.0.0.1:${httpPort}` };
  const operator = await issueToken(database, { scope: 'operator', ...addresses });
  const token = await issueToken(database, { tenantId: TENANT, ...addresses });
  const service = async (name: string, entry: string, env: Record<string, string>) =>
    parts.use(
      await ServiceProcess.start({ name, entry: join(APPS, entry), env, logFile: join(folder, `${name}.log`) }),
    );
  const exporting = (name: string) => ({
    DATABASE_URL: url,
    SERVER_GRPC_BROADCAST_ADDRESS: grpcAddress,
    SERVER_OTEL_SERVICE_NAME: name,
    SERVER_OTEL_COLLECTOR_URL: grpcAddress,
    SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${operator}`,
    SERVER_OTEL_INSECURE: 'true',
  });
  await service('engine', 'engine/src/main.ts', { ...exporting('engine'), SERVER_GRPC_PORT: String(grpcPort) });
  const api = await service('api', 'api/src/main.ts', {
    ...exporting('api'),
    SERVER_PORT: String(httpPort),
    SERVER_PAGE_TOKEN: token,
  });
  await service('order-worker', 'demo/src/sample/worker.ts', {
    HATCHET_CLIENT_TOKEN: token,
    HATCHET_CLIENT_HOST_PORT: grpcAddress,
    HATCHET_CLIENT_TLS_STRATEGY: 'none',
    OTEL_SERVICE_NAME: 'order-worker',
    OTEL_TRACES_EXPORTER: 'hatchet',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  return { api, database, tenantId: TENANT, token, stop: () => parts.stop() };
}
