import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { startProcess } from '@hatchet-ts/trace-testing';

const ENGINE = fileURLToPath(new URL('../../../apps/engine/src/main.ts', import.meta.url));
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

/** An engine on a PostgreSQL of its own. The database is as durable as in production (fsync on). */
export interface Installation {
  readonly database: Database;
  readonly enginePid: number;
  readonly postgresPid: number;
  /** Environment of a client of this engine. */
  readonly client: Record<string, string>;
  stop(): Promise<void>;
}

/** @param collector `host:port` to which the engine exports its spans; without it, tracing is off. */
export async function startInstallation(collector?: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'hatchet-bench-'));
  await chmod(folder, 0o755); // for root, PostgreSQL runs as another user
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  const database = new Database(postgres.url, { applicationName: 'bench' });
  await migrate(database);
  const { rows } = await database.query<{ pid: number }>(`SELECT pg_read_file('postmaster.pid', 0, 20)::text AS pid`);
  const engine = await startProcess('node', [ENGINE], {
    name: 'engine',
    env: {
      DATABASE_URL: postgres.url,
      SERVER_GRPC_PORT: '0',
      SERVER_LOGGER_LEVEL: 'info',
      ...(process.env.ENGINE_NODE_OPTIONS && { NODE_OPTIONS: process.env.ENGINE_NODE_OPTIONS }),
      ...(collector && {
        SERVER_OTEL_COLLECTOR_URL: collector,
        SERVER_OTEL_INSECURE: 'true',
        SERVER_OTEL_SERVICE_NAME: 'engine',
      }),
    },
    ready: { msg: 'ready' },
  });
  const address = String(engine.readyLine.fields.address);
  const token = await issueToken(database, {
    tenantId: TENANT,
    serverUrl: 'http://127.0.0.1:1',
    grpcAddress: address,
  });
  return {
    database,
    enginePid: engine.pid,
    postgresPid: Number.parseInt(String(rows[0]!.pid), 10),
    client: {
      HATCHET_CLIENT_TOKEN: token,
      HATCHET_CLIENT_HOST_PORT: address,
      HATCHET_CLIENT_API_URL: 'http://127.0.0.1:1',
      HATCHET_CLIENT_TLS_STRATEGY: 'none',
      HATCHET_CLIENT_LOG_LEVEL: 'ERROR', // the SDK treats OFF as DEBUG
    },
    async stop() {
      await engine.stop();
      await database.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
