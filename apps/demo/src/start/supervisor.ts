import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessRecord } from '../services/index.ts';
import { announcement } from './announcement.ts';
import { oneLine, openDatabase, prepareDatabase, TENANT_ID } from './database.ts';
import { clientVariables, startInstallation } from './installation.ts';
import { freePort } from './ports.ts';
import { printOrder } from './print-order.ts';
import type { StartSettings } from './settings.ts';
import { StartError } from './start-error.ts';
import { StopRequest } from './stop-request.ts';
import { Teardown } from './teardown.ts';

/** Name of this process in the record of processes. */
const OWNER = 'npm start';
const INTERRUPTED = 130;

/**
 * Starts everything, prints the trace of one order, and stays until it is asked to stop (`once`: ends then). Whatever
 * happens, everything that it started is stopped when it returns or throws.
 *
 * @param controller aborted from outside to stop, and from inside when a service dies
 * @returns the exit code
 * @throws StartError or ServiceFailure telling in one line what went wrong
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
    for (const failure of await teardown.run()) console.error(`✗ could not be stopped: ${oneLine(failure)}`);
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

  tell(settings.databaseUrl ? 'opening the database' : 'starting PostgreSQL');
  const database = await openDatabase(settings);
  teardown.add(database.stop);
  void database.lost.then((failure) => controller.abort(failure));
  const tokens = await prepareDatabase(database.url, { serverUrl: url, grpcAddress });
  signal.throwIfAborted();

  tell('starting engine, API and worker');
  let stopping = false;
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
      void service.ended.then((failure) => !stopping && controller.abort(failure));
    },
  });
  teardown.add(() => {
    stopping = true;
    tell('stopping');
  });

  const access = { url, tenantId: TENANT_ID, token: tokens.tenant };
  tell('sending an order through it');
  const whole = await printOrder(access, signal);
  if (settings.once) return whole ? 0 : 1;

  rememberAccess(join(settings.dataDir, ACCESS_FILE), access, teardown);
  const variables = clientVariables({ grpcAddress, httpAddress, tokens });
  console.log(`\n${announcement({ grpcAddress, url, database: database.description, logs, variables })}`);
  await aborted(signal);
  if (signal.reason instanceof StopRequest) return 0;
  throw signal.reason;
}

/** Where `npm run order` finds the API and a token, while it serves. */
export const ACCESS_FILE = 'access.json';

function rememberAccess(file: string, access: object, teardown: Teardown): void {
  writeFileSync(file, JSON.stringify(access), { mode: 0o600 });
  teardown.add(() => rmSync(file, { force: true }));
}

async function claimRecord({ dataDir }: StartSettings, teardown: Teardown): Promise<ProcessRecord> {
  const record = new ProcessRecord(join(dataDir, 'processes.json'));
  try {
    const ended = await record.endLeftovers(OWNER);
    if (ended.length > 0) tell(`ended what a killed start had left: ${ended.join(', ')}`);
  } catch (cause) {
    throw new StartError((cause as Error).message, 1, { cause });
  }
  await record.add(OWNER, process.pid);
  teardown.add(() => record.clear());
  return record;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** On stderr: stdout is for the waterfall and the addresses. */
function tell(what: string): void {
  console.error(`• ${what} …`);
}
