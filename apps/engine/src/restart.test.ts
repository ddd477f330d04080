import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterEach, expect, test } from 'vitest';
import { clientFixture } from './engine.fixture.ts';
import { engineProcess, freePort } from './engine-process.fixture.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test('runs that were under way when the engine was killed end exactly once, and the worker comes back by itself', async () => {
  const database = await temporaryDatabase();
  cleanUps.push(() => database.drop());
  const port = await freePort();
  const first = await engineProcess(database.url, port, cleanUps);
  const fixture = await clientFixture(database.url, first.address);
  cleanUps.push(() => fixture.stop());
  const client = await fixture.client();

  const total = 60;
  const half = Promise.withResolvers<void>();
  const results: number[] = [];
  const step = client.workflow<{ n: number }>({ name: 'survivor' });
  const one = step.task({ name: 'one', fn: async ({ n }) => ({ n }) });
  step.task({
    name: 'two',
    parents: [one],
    retries: 2,
    backoff: { factor: 1, maxSeconds: 1 },
    fn: async ({ n }, ctx) => {
      if (n % 5 === 0 && ctx.retryCount() === 0) throw new Error('once');
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (results.push(n) === total / 3) half.resolve();
      return { n: (await ctx.parentOutput(one)).n };
    },
  });
  await fixture.work(client, [step], { slots: 10 });

  const refs = await step.runManyNoWait(Array.from({ length: total }, (_, n) => ({ input: { n } })));
  const outputs = Promise.all(refs.map((ref) => ref.output));
  await half.promise;
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  await engineProcess(database.url, port, cleanUps);

  const expected = Array.from({ length: total }, (_, n) => ({ one: { n }, two: { n } }));
  expect(await outputs).toEqual(expected);
  const { rows } = await fixture.db.query<{ status: string; runs: number }>(
    'SELECT status, count(*)::int AS runs FROM run GROUP BY status',
  );
  expect(rows).toEqual([{ status: 'COMPLETED', runs: total }]);
}, 90_000);

test('an engine that is told to stop does so at once, and says no error', async () => {
  const database = await temporaryDatabase();
  cleanUps.push(() => database.drop());
  const { child, address } = await engineProcess(database.url, 0, cleanUps);
  const fixture = await clientFixture(database.url, address);
  cleanUps.push(() => fixture.stop());
  const client = await fixture.client();
  const task = client.task({ name: 'short', fn: async () => ({}) });
  await fixture.work(client, [task]);
  await task.run({});

  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 20_000);

test.each([
  [{ DATABASE_URL: '' }, 2, 'DATABASE_URL is not set'],
  [{ DATABASE_URL: 'mysql://x' }, 2, 'DATABASE_URL must look like postgres://'],
  [
    { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:9/x', SERVER_GRPC_PORT: 'many' },
    2,
    'SERVER_GRPC_PORT must be a port',
  ],
  [{ DATABASE_URL: 'postgres://u:hidden@127.0.0.1:9/x' }, 1, 'ECONNREFUSED'],
])('with %o it ends with status %i and one line', async (env, status, reason) => {
  const child = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect({ code, lines: said.split('\n').length - 1 }).toEqual({ code: status, lines: 1 });
  expect(said).toContain(reason);
  expect(said).not.toContain('hidden');
});
