import { once } from 'node:events';
import { type Context, HatchetClient, type JsonObject, type Worker } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { expect, test } from 'vitest';
import { silentSdk } from '../engine/run-trigger.ts';
import { type Answer, OpenApiContract } from './openapi-contract.ts';
import { type ServiceProcess, startService } from './service-process.ts';

/** The tenant that the migrations create. */
export const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
export const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
/** An id that nothing has. */
export const UNKNOWN_ID = '33333333-3333-4333-8333-333333333333';

/** Creates the answer of the API to a refused call, in Hatchet's form. */
export function error(status: number, description: string): { status: number; body: object } {
  return { status, body: { errors: [{ description }] } };
}

/** An engine as a process, on a database of its own. */
export interface EngineInstallation {
  databaseUrl: string;
  db: Database;
  engine: ServiceProcess;
  stop(): Promise<void>;
}

export async function startEngine(): Promise<EngineInstallation> {
  const temporary = await temporaryDatabase();
  const db = new Database(temporary.url, { applicationName: 'api test' });
  await migrate(db);
  const engine = await startService('engine', { DATABASE_URL: temporary.url, SERVER_GRPC_PORT: '0' });
  return {
    databaseUrl: temporary.url,
    db,
    engine,
    async stop() {
      await engine.process.stop();
      await db.close();
      await temporary.drop();
    },
  };
}

/** Engine and API as processes, and a worker made with the official SDK. The other tenant has no workflows. */
export interface Installation extends EngineInstallation {
  api: ServiceProcess;
  tokens: Record<'tenant' | 'expired' | 'other' | 'operator', string>;
  /** The API's own description; every answer to `call` is compared with it. */
  contract: OpenApiContract;
  hatchet: HatchetClient;
  worker: Worker;
  /** Resolves to the id of the next run that enters the task `wait`. */
  nextWait(): Promise<string>;
  /** Calls the API; by default with the tenant's token. */
  call(method: string, path: string, body?: unknown, bearer?: string): Promise<Answer>;
}

async function startInstallation(): Promise<Installation> {
  const base = await startEngine();
  const { databaseUrl, db, engine } = base;
  await db.query(`INSERT INTO tenant (id, name, slug) VALUES ($1, 'other', 'other')`, [OTHER_TENANT]);
  const api = await startService('api', {
    DATABASE_URL: databaseUrl,
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
  const contract = await OpenApiContract.read(api.address);
  const hatchet = HatchetClient.init({ token: tokens.tenant, tls_config: { tls_strategy: 'none' }, logger: silentSdk });
  let waiting = Promise.withResolvers<string>();
  const worker = await startWorker(hatchet, (runId) => waiting.resolve(runId));
  return {
    ...base,
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
      await api.process.stop();
      await base.stop();
    },
  };
}

/**
 * Starts tasks that succeed, have a child, fail (also twice), exceed their timeout once, wait for a cancellation or for
 * the event `resume`; and two DAGs of two tasks, one of which waits for a cancellation of its first.
 */
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
  const flaky = hatchet.task({
    name: 'flaky',
    retries: 1,
    fn: (_input: JsonObject, context: Context<JsonObject>): JsonObject => {
      throw new Error(`attempt ${context.retryCount()} fails`);
    },
  });
  const late = hatchet.task({
    name: 'late',
    executionTimeout: '1s',
    retries: 1,
    fn: async (_input: JsonObject, context: Context<JsonObject>) => {
      if (context.retryCount() === 0) await once(context.abortController.signal, 'abort');
      return {};
    },
  });
  const gated = hatchet.workflow<JsonObject>({ name: 'gated' });
  const gate = gated.task({
    name: 'gate',
    fn: async (_input, context) => {
      onWait(context.workflowRunId());
      await once(context.abortController.signal, 'abort');
      return {};
    },
  });
  gated.task({ name: 'behind', parents: [gate], fn: () => ({}) });
  const worker = await hatchet.worker('api-test', {
    workflows: [double, parent, fail, wait, pause, chain, flaky, late, gated],
    handleKill: false,
  });
  void worker.start();
  await worker.waitUntilReady(20_000);
  return worker;
}

/** A test with an installation, which the tests of a file share. */
export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of other fixtures from the pattern
  .extend('installation', { scope: 'file' }, async ({}, { onCleanup }) => {
    const installation = await startInstallation();
    onCleanup(() => installation.stop());
    return installation;
  })
  .extend('call', { scope: 'file' }, ({ installation }) => installation.call)
  .extend('hatchet', { scope: 'file' }, ({ installation }) => installation.hatchet)
  .extend('runStatus', { scope: 'file' }, ({ hatchet }) => {
    return (runId: string) => expect.poll(() => hatchet.runs.get_status(runId), { timeout: 20_000 });
  })
  .extend('trigger', { scope: 'file' }, ({ call }) => {
    return (body: unknown) => call('POST', `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`, body);
  });
