import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { freePort, Resources } from '@hatchet-ts/trace-testing';
import { afterEach, expect, test } from 'vitest';
import { clientFixture, type EngineFixture, engineFixture } from '../testing/engine.ts';
import { startEngineProcess } from '../testing/engine-process.ts';

const resources = new Resources();
afterEach(() => resources.stop());

const evictionPolicy = { ttl: '1s', allowCapacityEviction: true, priority: 0 } as const;

async function waits({ db }: Pick<EngineFixture, 'db'>): Promise<number> {
  return (await db.query('SELECT FROM durable_entry WHERE satisfied_order IS NULL')).rows.length;
}

test('waits survive an engine that is killed, and are answered once', async () => {
  const database = await temporaryDatabase();
  resources.defer(() => database.drop());
  const port = await freePort();
  const first = await startEngineProcess(resources, database.url, port);
  const fixture = await clientFixture(database.url, first.address);
  resources.defer(() => fixture.stop());
  const client = await fixture.client();

  const began: string[] = [];
  // The client does not repeat a report that no engine takes, so the child ends after the restart.
  const workerIsBack = Promise.withResolvers<void>();
  const asleep = client.durableTask({
    name: 'asleep',
    fn: async (_, ctx) => {
      began.push('asleep');
      await ctx.sleepFor('2s');
      return { invocation: ctx.invocationCount };
    },
  });
  const evicted = client.durableTask({
    name: 'evicted',
    evictionPolicy,
    fn: async (_, ctx) => {
      await ctx.waitFor([{ sleepFor: '2s' }, { eventKey: 'after' }]);
      return { invocation: ctx.invocationCount };
    },
  });
  const child = client.task({
    name: 'child',
    fn: async () => {
      await workerIsBack.promise;
      return { n: began.push('child') };
    },
  });
  const parent = client.durableTask({ name: 'parent', fn: async (_, ctx) => await ctx.spawnChild(child, {}) });
  await fixture.work(client, [asleep, evicted, parent, child]);

  const rested = await evicted.runNoWait({});
  const restedOutput = rested.output;
  const status = async () =>
    (
      await fixture.db.query<{ status: string }>('SELECT status FROM task WHERE id = $1', [
        await rested.getWorkflowRunId(),
      ])
    ).rows[0]?.status;
  await expect.poll(status, { timeout: 10_000 }).toBe('EVICTED');
  const refs = [await asleep.runNoWait({}), await parent.runNoWait({})];
  const outputs = Promise.all(refs.map((ref) => ref.output));
  await expect.poll(() => waits(fixture), { timeout: 5_000 }).toBe(3);
  await first.engine.kill();
  const { rows } = await fixture.db.query<{ at: Date }>('SELECT now() AS at');
  await startEngineProcess(resources, database.url, port);
  const heartbeats = () => fixture.db.query('SELECT FROM worker WHERE last_heartbeat_at > $1', [rows[0]?.at]);
  await expect.poll(async () => (await heartbeats()).rows.length, { timeout: 30_000 }).toBe(1);
  workerIsBack.resolve();

  // The client's stream of results reconnects later than this call.
  await expect
    .poll(
      () =>
        client.events.push('after', {}).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  expect(await outputs).toEqual([{ invocation: 1 }, { n: expect.any(Number) }]);
  expect(await restedOutput).toEqual({ invocation: 2 });
  expect(began.toSorted()).toEqual(['asleep', 'child']);
  expect(await waits(fixture)).toBe(0);
}, 60_000);

test('answers lost with a broken stream are sent over the next one', async () => {
  const engine = await engineFixture();
  resources.defer(() => engine.stop());
  const wire = await breakableWire(engine.address);
  resources.defer(wire.close);
  const fixture = await clientFixture(engine.databaseUrl, wire.address);
  resources.defer(() => fixture.stop());
  const client = await fixture.client();
  const task = client.durableTask({
    name: 'cut-off',
    fn: async (_, ctx) => ({ events: [await ctx.waitForEvent('cut-off'), await ctx.waitForEvent('on-again')] }),
  });
  await fixture.work(client, [task]);

  const ref = await task.runNoWait({});
  const output = ref.output;
  await expect.poll(() => waits(fixture), { timeout: 5_000 }).toBe(1);
  wire.cut();
  const other = await engine.client();
  await other.events.push('cut-off', { n: 1 });
  // The task requests the second event only once it has the first.
  await expect
    .poll(() => waits({ db: fixture.db }).then(async (count) => count === 1 && (await entries(fixture)) === 2), {
      timeout: 15_000,
    })
    .toBe(true);
  await other.events.push('on-again', { n: 2 });
  expect(await output).toEqual({ events: [{ n: 1 }, { n: 2 }] });
}, 40_000);

async function entries({ db }: Pick<EngineFixture, 'db'>): Promise<number> {
  return (await db.query('SELECT FROM durable_entry')).rows.length;
}

/** Proxy to the engine whose connections can all be broken at once. */
async function breakableWire(target: string): Promise<{ address: string; cut(): void; close(): Promise<void> }> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
