import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('./testing/example-service.ts', import.meta.url));

let child: ChildProcess;
afterEach(() => child.kill('SIGKILL'));

/** Runs the example service to its end; sends `signal` when it logs `message`. */
async function run(env: Record<string, string>, message?: string, signal: NodeJS.Signals = 'SIGTERM') {
  child = spawn(process.execPath, [EXAMPLE], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr = text(child.stderr!);
  const closed = once(child, 'close');
  const logged: Record<string, unknown>[] = [];
  for await (const line of createInterface(child.stdout!)) {
    const fields = JSON.parse(line) as Record<string, unknown>;
    logged.push(fields);
    if (fields.msg === message) child.kill(signal);
  }
  const [status] = await closed;
  return { status, stderr: await stderr, logged };
}

it.each(['SIGTERM', 'SIGINT'] as const)('A service logs its address, and stops with status 0 on %s', async (signal) => {
  const { status, stderr, logged } = await run({ MODE: 'serve' }, 'ready', signal);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(logged).toContainEqual(expect.objectContaining({ name: 'example', msg: 'ready', address: '127.0.0.1:1' }));
  expect(logged).toContainEqual(expect.objectContaining({ name: 'example', msg: 'stopping', signal }));
  expect(logged).toContainEqual(expect.objectContaining({ name: 'example', msg: 'stopped' }));
});

it('A signal during the start stops the service as soon as it has started', async () => {
  const { status, logged } = await run({ MODE: 'slow' }, 'starting');
  expect(status).toBe(0);
  // Pino writes asynchronously: the last lines before the exit may change places.
  expect(logged.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['ready', 'stopping', 'stopped']));
});

it('Problems of the variables and of the telemetry are reported in one line, with status 2', async () => {
  const { status, stderr } = await run({ MODE: 'idle', SERVER_OTEL_INSECURE: 'perhaps' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^example: MODE=idle: expected a mode; SERVER_OTEL_INSECURE=perhaps: expected .*\n$/);
});

it.each([
  ['start', { MODE: 'fail' }, 'example: no route; refused\n'],
  ['stop', { MODE: 'fail-to-stop' }, 'example: the database is gone\n'],
])('A failure to %s is reported in one line, with status 1', async (_, env, line) => {
  const { status, stderr } = await run(env, 'ready');
  expect({ status, stderr }).toEqual({ status: 1, stderr: line });
});
