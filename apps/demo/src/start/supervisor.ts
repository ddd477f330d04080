import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, prepareDatabase, TENANT_ID } from './database.ts';
import { errorLine, StartError, StopRequest } from './errors.ts';
import { clientVariables, startInstallation } from './installation.ts';
import { printOrderTrace } from './order-trace.ts';
import { freePort } from './ports.ts';
import { ProcessRecord } from './process-record.ts';
import type { StartSettings } from './settings.ts';

/** Name of this process in the process record. */
const OWNER = 'npm start';
const INTERRUPTED = 130;

/** File with the API's address and a token, for `npm run order`. */
export const ACCESS_FILE = 'access.json';

/**
 * Starts everything, prints the trace of one order, and runs until it is stopped (`once`: exits then). Everything that
 * it started is stopped before it returns or throws.
 *
 * @param controller aborted by the caller to stop, and by the supervisor if a service dies
 * @returns the exit code
 * @throws StartError or ServiceFailure with the reason in one line
 */
export async function supervise(settings: StartSettings, controller: AbortController): Promise<number> {
  const teardown = new Teardown();
  try {
    return await run(settings, controller, teardown);
  } catch (error) {
    const reason = controller.signal.aborted ? controller.signal.reason : error;
    if (reason instanceof StopRequest) return INTERRUPTED;
    throw reason;
  } finally {
    for (const failure of await teardown.run()) console.error(`✗ cleanup failed: ${errorLine(failure)}`);
  }
}

async function run(settings: StartSettings, controller: AbortController, teardown: Teardown): Promise<number> {
  const { signal } = controller;
  const logs = join(settings.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  const record = await claimRecord(settings, teardown);

  const grpcAddress = `127.0.0.1:${await freePort(settings.grpcPort, 'SERVER_GRPC_PORT')}`;
  const httpAddress = `127.0.0.1:${await freePort(settings.httpPort, 'SERVER_PORT')}`;
  const url = `http://${httpAddress}`;

  report(settings.databaseUrl ? 'opening the database' : 'starting PostgreSQL');
  const database = await openDatabase(settings);
  teardown.add(database.stop);
  void database.lost.then((failure) => controller.abort(failure));
  const tokens = await prepareDatabase(database.url, { serverUrl: url, grpcAddress });
  signal.throwIfAborted();

  report('starting engine, API and worker');
  let isStopping = false;
  await startInstallation({
    databaseUrl: database.url,
    grpcAddress,
    httpAddress,
    tokens,
    logs,
    signal,
    onSpawn: (name, pid) => void record.add(name, pid),
    onReady: (service) => {
      teardown.add(() => service.stop());
      void service.ended.then((failure) => !isStopping && controller.abort(failure));
    },
  });
  teardown.add(() => {
    isStopping = true;
    report('stopping');
  });

  const access = { url, tenantId: TENANT_ID, token: tokens.tenant };
  report('sending an order');
  const isWhole = await printOrderTrace(access, signal);
  if (settings.once) return isWhole ? 0 : 1;

  const accessFile = join(settings.dataDir, ACCESS_FILE);
  writeFileSync(accessFile, JSON.stringify(access), { mode: 0o600 });
  teardown.add(() => rmSync(accessFile, { force: true }));
  const variables = clientVariables({ grpcAddress, httpAddress, tokens });
  console.log(`\n${instructions({ grpcAddress, url, database: database.description, logs, variables })}`);
  await aborted(signal);
  if (signal.reason instanceof StopRequest) return 0;
  throw signal.reason;
}

/** Undo steps, run in the reverse order of their adding. */
export class Teardown {
  readonly #steps: (() => Promise<void> | void)[] = [];

  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Runs every step, even if some fail, and returns the failures. */
  async run(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}

async function claimRecord({ dataDir }: StartSettings, teardown: Teardown): Promise<ProcessRecord> {
  const record = new ProcessRecord(join(dataDir, 'processes.json'));
  try {
    const ended = await record.endLeftovers(OWNER);
    if (ended.length > 0) report(`ending what a killed start left running: ${ended.join(', ')}`);
  } catch (cause) {
    throw new StartError((cause as Error).message, 1, { cause });
  }
  await record.add(OWNER, process.pid);
  teardown.add(() => record.clear());
  return record;
}

interface Installation {
  grpcAddress: string;
  url: string;
  database: string;
  /** Folder of the services' logs. */
  logs: string;
  /** Environment of the user's own worker. */
  variables: Record<string, string>;
}

function instructions({ grpcAddress, url, database, logs, variables }: Installation): string {
  return [
    'Running:',
    `  page      ${url}/ (runs and their traces, in a browser)`,
    `  API       ${url}`,
    `  engine    ${grpcAddress} (gRPC: workers, clients, OTLP traces)`,
    `  database  ${database}`,
    `  logs      ${logs}`,
    '',
    'To connect your own worker:',
    ...Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`),
    '',
    'To send another order, in a second terminal:  npm run order',
    'Ctrl-C stops everything.',
  ].join('\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Prints progress to stderr: stdout is for the waterfall and the addresses. */
function report(progress: string): void {
  console.error(`• ${progress} …`);
}
