import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';

const ENGINE = fileURLToPath(new URL('../../../apps/engine/src/main.ts', import.meta.url));
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

/** An engine on a PostgreSQL of its own that writes as durably as it does everywhere (fsync on). */
export interface Installation {
  readonly database: Database;
  readonly enginePid: number;
  readonly postgresPid: number;
  /** What a client needs to reach the engine. */
  readonly client: Record<string, string>;
  stop(): Promise<void>;
}

/** @param collector `host:port` that the engine sends its spans to; without one its tracing is off */
export async function startInstallation(collector?: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'hatchet-bench-'));
  await chmod(folder, 0o755); // PostgreSQL runs under another user where this one is root
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  const database = new Database(postgres.url, { applicationName: 'bench' });
  await migrate(database);
  const { rows } = await database.query<{ pid: number }>(`SELECT pg_read_file('postmaster.pid', 0, 20)::text AS pid`);
  const engine = spawn(process.execPath, [ENGINE], {
    env: {
      PATH: process.env.PATH,
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
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await readyAddress(engine);
  const token = await issueToken(database, {
    tenantId: TENANT,
    serverUrl: 'http://127.0.0.1:1',
    grpcAddress: address,
  });
  return {
    database,
    enginePid: engine.pid!,
    postgresPid: Number.parseInt(String(rows[0]!.pid), 10),
    client: {
      HATCHET_CLIENT_TOKEN: token,
      HATCHET_CLIENT_HOST_PORT: address,
      HATCHET_CLIENT_API_URL: 'http://127.0.0.1:1',
      HATCHET_CLIENT_TLS_STRATEGY: 'none',
      HATCHET_CLIENT_LOG_LEVEL: 'ERROR', // OFF means DEBUG to the SDK
    },
    async stop() {
      engine.kill('SIGTERM');
      await once(engine, 'exit');
      await database.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function readyAddress(engine: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: engine.stdout! })) {
    const { msg, address } = JSON.parse(line) as { msg: string; address: string };
    if (msg !== 'ready') continue;
    engine.stdout!.resume();
    return address;
  }
  throw new Error('the engine ended before it was ready');
}
