import { temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { Resources } from '@hatchet-ts/trace-testing';
import { afterEach, expect, test } from 'vitest';
import { clientFixture } from './testing/engine.ts';
import { runEngineProcess, startEngineProcess } from './testing/engine-process.ts';

const resources = new Resources();
afterEach(() => resources.stop());

test('an engine stops on SIGTERM without an error', async () => {
  const database = await temporaryDatabase();
  resources.defer(() => database.drop());
  const { engine, address } = await startEngineProcess(resources, database.url);
  const fixture = await clientFixture(database.url, address);
  resources.defer(() => fixture.stop());
  const client = await fixture.client();
  const task = client.task({ name: 'short', fn: async () => ({}) });
  await fixture.work(client, [task]);
  await task.run({});

  engine.signal('SIGTERM');
  expect(await engine.ended).toEqual({ code: 0, signal: null });
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
])('with %o it exits with code %i and one line', async (env, status, reason) => {
  const { code, stderr } = await runEngineProcess(env);
  expect({ code, lines: stderr.split('\n').length - 1 }).toEqual({ code: status, lines: 1 });
  expect(stderr).toContain(reason);
  expect(stderr).not.toContain('secret');
});
