import { type Context, HatchetClient, type JsonObject, type Worker } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { type Contract, contractOf } from './contract.fixture.ts';
import { type RunningService, startService } from './service.fixture.ts';
import { silentSdk } from './silent-sdk.ts';

export const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
export const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
/** An id that nothing has. */
export const NOBODY = '33333333-3333-4333-8333-333333333333';

/** The answer of the API to one call. */
export interface Answer {
  status: number;
  text: string;
  /** What the tests say that it is. */
  body: ReturnType<typeof JSON.parse>;
}

/** Engine and API as processes on a database of their own, and a worker made with the official SDK. */
export interface Installation {
  db: Database;
  engine: RunningService;
  api: RunningService;
  tokens: Record<'tenant' | 'expired' | 'other' | 'operator', string>;
  /** What the API says of itself; every answer to `call` is held to it. */
  contract: Contract;
  hatchet: HatchetClient;
  worker: Worker;
  /** Resolves, when the task `wait` is entered next, to the id of its run. */
  nextWait(): Promise<string>;
  /** Calls the API; with the tenant's token, unless told otherwise. */
  call(method: string, path: string, body?: unknown, bearer?: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts everything; the second tenant has no workflows. */
export async function startInstallation(): Promise<Installation> {
  const temporary = await temporaryDatabase();
  const db = new Database(temporary.url, { applicationName: 'api test' });
  await migrate(db);
  await db.query(`INSERT INTO tenant (id, name, slug) VALUES ($1, 'other', 'other')`, [OTHER_TENANT]);
  const engine = await startService('engine', { DATABASE_URL: temporary.url, SERVER_GRPC_PORT: '0' });
  const api = await startService('api', {
    DATABASE_URL: temporary.url,
    SERVER_PORT: '0',
    SERVER_GRPC_BROADCAST_ADDRESS: engine.address,
  });
  const addresses = { serverUrl: `http://${api.address}`, grpcAddress: engine.address };
  const tokens = {
    tenant: await issueToken(db, { tenantId: TENANT, ...addresses }),
    expired: await issueToken(db, { tenantId: TENANT, ...addresses, expiresInSeconds: -60 }),
    other: await issueToken(db, { tenantId: OTHER_TENANT, ...addresses }),
    operator: await issueToken(db, { scope: 'operator', ...addresses }),
  };
  const contract = await contractOf(api.address);
  const hatchet = HatchetClient.init({ token: tokens.tenant, tls_config: { tls_strategy: 'none' }, logger: silentSdk });
  let waiting = Promise.withResolvers<string>();
  const worker = await startWorker(hatchet, (runId) => waiting.resolve(runId));
  return {
    db,
    engine,
    api,
    tokens,
    contract,
    hatchet,
    worker,
    nextWait() {
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    async call(method, path, body, bearer = tokens.tenant) {
      const response = await fetch(`http://${api.address}${path}`, {
        method,
        headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), 'content-type': 'application/json' },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = { status: response.status, text, body: text === '' ? undefined : JSON.parse(text) };
      contract.check(method, path, answer);
      return answer;
    },
    async stop() {
      await worker.stop();
      await api.stop();
      await engine.stop();
      await db.close();
      await temporary.drop();
    },
  };
}

/** Tasks that succeed, have a child, fail, wait to be cancelled, wait for the event `resume`, and a chain of two. */
async function startWorker(hatchet: HatchetClient, onWait: (runId: string) => void): Promise<Worker> {
  const double = hatchet.task({ name: 'double', fn: ({ n }: { n: number }) => ({ n: n * 2 }) });
  const parent = hatchet.task({ name: 'parent', fn: async () => ({ child: await double.run({ n: 1 }) }) });
  const fail = hatchet.task({
    name: 'fail',
    fn: (): JsonObject => {
      throw new Error('card declined');
    },
  });
  const wait = hatchet.task({
    name: 'wait',
    fn: async (_input: JsonObject, context: Context<JsonObject>) => {
      onWait(context.workflowRunId());
      await new Promise((_resolve, reject) => context.abortController.signal.addEventListener('abort', reject));
      return {};
    },
  });
  const pause = hatchet.durableTask({
    name: 'pause',
    evictionPolicy: { ttl: '1s', allowCapacityEviction: true, priority: 0 },
    fn: async (_input: JsonObject, context) => {
      await context.waitForEvent('resume');
      return { resumed: true };
    },
  });
  const chain = hatchet.workflow<JsonObject>({ name: 'chain', onEvents: ['order:placed'] });
  const first = chain.task({ name: 'first', fn: () => ({ step: 1 }) });
  chain.task({ name: 'second', parents: [first], fn: async (_, ctx) => ({ after: await ctx.parentOutput(first) }) });
  const worker = await hatchet.worker('api-test', {
    workflows: [double, parent, fail, wait, pause, chain],
    handleKill: false,
  });
  void worker.start();
  await worker.waitUntilReady(20_000);
  return worker;
}

/** Hatchet's shape of an error. */
export function error(status: number, description: string): { status: number; body: object } {
  return { status, body: { errors: [{ description }] } };
}
