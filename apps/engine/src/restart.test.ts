import { once } from 'node:events';
import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterEach, expect, test } from 'vitest';
import { clientFixture } from './engine.fixture.ts';
import { endedEngine, engineProcess } from './engine-process.fixture.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

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
  [{ DATABASE_URL: 'mysql://x' }, 2, 'DATABASE_URL=(hidden): expected the URL of a PostgreSQL database'],
  [
    { DATABASE_URL: 'postgres://u:secret@127.0.0.1:9/x', SERVER_GRPC_PORT: 'many' },
    2,
    'SERVER_GRPC_PORT=many: expected a port',
  ],
  [{ DATABASE_URL: 'postgres://u:secret@127.0.0.1:9/x' }, 1, 'ECONNREFUSED'],
])('with %o it ends with status %i and one line', async (env, status, reason) => {
  const { code, said } = await endedEngine(env);
  expect({ code, lines: said.split('\n').length - 1 }).toEqual({ code: status, lines: 1 });
  expect(said).toContain(reason);
  expect(said).not.toContain('secret');
});
