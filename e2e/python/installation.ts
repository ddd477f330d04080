import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { freePort } from '../harness/free-port.ts';
import { Resources } from '../harness/resources.ts';
import { ServiceProcess } from '../harness/service-process.ts';
import { command } from '../matrix/command.ts';
import { pythonInterpreter } from './interpreter.ts';

const APPS = join(import.meta.dirname, '../../apps');
const APPLICATION = join(import.meta.dirname, 'application');
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

/** What a scenario of the Python client came to, and the trace that it began. */
export interface Scenario {
  traceId: string;
  result: unknown;
}

/** Engine and API that keep their own traces, a worker in TypeScript and one in Python. */
export interface Installation {
  database: Database;
  tenantId: string;
  apiAddress: string;
  token: string;
  /** Runs a scenario of `application/client.py`. */
  python(scenario: string): Promise<Scenario>;
  stop(): Promise<void>;
}

export async function startInstallation(folder: string): Promise<Installation> {
  const interpreter = await pythonInterpreter();
  const parts = new Resources();
  try {
    const { url, drop } = await temporaryDatabase();
    parts.defer(drop);
    const database = new Database(url, { applicationName: 'python suite' });
    parts.defer(() => database.close());
    await migrate(database);
    // The engine is its own collector: its address must be known before it is there.
    const grpcAddress = `127.0.0.1:${await freePort()}`;
    const httpAddress = `127.0.0.1:${await freePort()}`;
    const addresses = { serverUrl: `http://${httpAddress}`, grpcAddress };
    const operator = await issueToken(database, { scope: 'operator', ...addresses });
    const token = await issueToken(database, { tenantId: TENANT, ...addresses });
    const service = (name: 'engine' | 'api', env: Record<string, string>) =>
      ServiceProcess.start({
        name,
        entry: join(APPS, `${name}/src/main.ts`),
        env: {
          DATABASE_URL: url,
          SERVER_GRPC_BROADCAST_ADDRESS: grpcAddress,
          SERVER_OTEL_SERVICE_NAME: name,
          SERVER_OTEL_COLLECTOR_URL: grpcAddress,
          SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${operator}`,
          SERVER_OTEL_INSECURE: 'true',
          SERVER_OTEL_TRACE_ID_RATIO: '1',
          ...env,
        },
        logFile: join(folder, `${name}.log`),
      });
    parts.use(await service('engine', { SERVER_GRPC_PORT: portOf(grpcAddress) }));
    parts.use(await service('api', { SERVER_PORT: portOf(httpAddress) }));
    const client = {
      HATCHET_CLIENT_TOKEN: token,
      HATCHET_CLIENT_TLS_STRATEGY: 'none',
      HATCHET_CLIENT_SERVER_URL: addresses.serverUrl,
    };
    parts.use(
      await ServiceProcess.start({
        name: 'ts-worker',
        entry: join(APPLICATION, 'worker.ts'),
        env: {
          ...client,
          OTEL_SERVICE_NAME: 'ts-worker',
          OTEL_TRACES_EXPORTER: 'hatchet',
          OTEL_BSP_SCHEDULE_DELAY: '200',
        },
        logFile: join(folder, 'ts-worker.log'),
      }),
    );
    const worker = pythonProcess(interpreter, join(folder, 'py-worker.log'), {
      ...client,
      OTEL_SERVICE_NAME: 'py-worker',
    });
    parts.defer(() => stopped(worker));
    await registered(database, 'py-worker', worker);
    return {
      database,
      tenantId: TENANT,
      apiAddress: httpAddress,
      token,
      async python(scenario) {
        const env = { ...environment(), ...client, OTEL_SERVICE_NAME: 'py-client' };
        const said = await command(interpreter, ['client.py', scenario], { cwd: APPLICATION, env });
        return JSON.parse(said.trim().split('\n').at(-1) ?? '');
      },
      stop: () => parts.stop(),
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** A worker registers itself after its workflows. */
async function registered(database: Database, name: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { rows } = await database.query('SELECT FROM worker WHERE name = $1', [name]);
    if (rows.length > 0) return;
    if (child.exitCode !== null)
      throw new Error(`${name} ended with ${child.exitCode} before it was ready: see its log`);
    if (Date.now() > deadline) throw new Error(`${name} is not ready after 60 s: see its log`);
    await delay(100);
  }
}

function pythonProcess(interpreter: string, logFile: string, env: Record<string, string>): ChildProcess {
  const child = spawn(interpreter, ['worker.py'], { cwd: APPLICATION, env: { ...environment(), ...env } });
  const log = createWriteStream(logFile);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  return child;
}

/** The worker has a process below it, which it ends itself. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const hurry = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(hurry);
}

/** Nothing of the shell that runs the tests but what a program needs. */
function environment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return {
    ...Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

const portOf = (address: string) => address.slice(address.lastIndexOf(':') + 1);
