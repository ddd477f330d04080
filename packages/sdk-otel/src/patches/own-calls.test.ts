import { fileURLToPath } from 'node:url';
import { runProcess } from '@hatchet-ts/trace-testing';
import { afterAll, expect, test } from 'vitest';
import { startEngine } from '../testing/engine.ts';

const engine = await startEngine();
afterAll(() => engine.stop());

const file = (name: string) => fileURLToPath(new URL(`../testing/${name}`, import.meta.url));

test('calls that the SDK makes by itself are no traces: at the start of a client, as heartbeats, at the end of a worker', async () => {
  const preload = ['--no-warnings', '--import', file('print-spans.ts')];
  const { code, stdout, stderr } = await runProcess('node', [...preload, file('own-calls-process.ts')], {
    env: engine.environment,
  });
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').filter((line) => /^(?:root|child) /.test(line));
  expect(lines.filter((line) => !line.includes('grpc.'))).toEqual(['root GET']); // the application's own
  expect(lines.filter((line) => line.includes('Heartbeat'))).toEqual([]);
  expect(lines).toContain('root grpc.Dispatcher/Register');
});
