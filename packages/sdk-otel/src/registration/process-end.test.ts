import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startProcess, waitUntil } from '@hatchet-ts/trace-testing';
import { OtlpReceiver, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from '../testing/engine.ts';
import { runModule } from '../testing/run-module.ts';

let engine: TestEngine;
let collector: OtlpReceiver;
beforeAll(async () => {
  engine = await startEngine();
});
afterEach(() => collector.stop());
afterAll(() => engine.stop());

const register = ['--import', './src/register.ts'];
const patientRegister = ['--import', './src/testing/patient-register.ts'];

const environment = () => ({
  ...engine.environment,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_BSP_SCHEDULE_DELAY: '3600000',
});

/** A client, as Hatchet's examples have it. */
const PUSH = `
  const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
  const { events } = HatchetClient.init({ log_level: 'OFF' });
  await events.push('order:paid', {});`;

/** A span of the application itself. */
const SPAN = `
  const { trace } = await import('@opentelemetry/api');
  const tracer = trace.getTracer('shop');
  tracer.startSpan('order', { attributes: { big: 2 ** 40, list: ['a', 'b'] } }).end();`;

async function run(code: string, { args = patientRegister, ...options }: ReceiverOptions & { args?: string[] } = {}) {
  collector = await OtlpReceiver.start(options);
  return runModule(code, { args, env: environment() });
}

/** Starts a program that stays. */
function start(code: string, env: Record<string, string> = {}) {
  const source = `${code}; setInterval(() => {}, 1000); console.log('ready');`;
  return startProcess('node', ['--no-warnings', ...patientRegister, '--input-type=module', '--eval', source], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...environment(), ...env },
    ready: 'ready',
    ignoreExitCode: true,
  });
}

async function runUntil(signal: NodeJS.Signals, code: string) {
  collector = await OtlpReceiver.start();
  const running = await start(code);
  running.signal(signal);
  return running.ended;
}

const names = () => collector.spans.map(({ name }) => name);

describe('node --import @hatchet-ts/sdk-otel/register', () => {
  test('delivers the spans of a client that ends by process.exit', async () => {
    const { code, stdout, stderr } = await run(`${PUSH} process.exit(0);`);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('@hatchet-ts');
    expect(names()).toEqual(['hatchet.push_event']);
  });

  test('delivers the spans of a program that ends', async () => {
    expect(await run(SPAN)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(names()).toEqual(['order']);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('delivers on %s, which ends the process', async (signal) => {
    expect(await runUntil(signal, PUSH)).toEqual({ code: null, signal });
    expect(names()).toEqual(['hatchet.push_event']);
  });

  test('delivers the last spans of an application that handles the signal itself', async () => {
    const own = `process.on('SIGTERM', () => { tracer.startSpan('last').end(); process.exit(7); });`;
    expect(await runUntil('SIGTERM', SPAN + own)).toEqual({ code: 7, signal: null });
    expect(names().toSorted()).toEqual(['last', 'order']);
  });

  test('delivers after an uncaught exception, with the output and exit code of Node.js', async () => {
    const { code, stderr } = await run(`${SPAN} throw new Error('mine');`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/throw new Error\('mine'\);[\s\S]*Error: mine\n {4}at .*\n\nNode\.js v[\d.]+\n$/);
    expect(names()).toEqual(['order']);
  });

  test('delivers a batch again whose answer is outstanding', async () => {
    collector = await OtlpReceiver.start({ answer: ({ number }) => (number === 1 ? 'hang' : 'accept') });
    const running = await start(`${SPAN} process.on('SIGUSR2', () => process.exit(0));`, {
      OTEL_BSP_SCHEDULE_DELAY: '1',
    });
    await waitUntil('the first call', () => collector.calls.length === 1);
    running.signal('SIGUSR2');
    await running.ended;
    expect(collector.calls).toHaveLength(2);
    expect(collector.distinctSpans).toBe(1);
  });

  test.each([
    ['the engine', () => ({ OTEL_TRACES_EXPORTER: 'hatchet', HATCHET_CLIENT_HOST_PORT: collector.address })],
    ['two receivers', () => ({ OTEL_TRACES_EXPORTER: 'otlp,hatchet', HATCHET_CLIENT_HOST_PORT: collector.address })],
  ])('delivers before process.exit to %s', async (_receiver, env: () => Record<string, string>) => {
    collector = await OtlpReceiver.start();
    const { stderr } = await runModule(`${SPAN} process.exit(0);`, {
      args: patientRegister,
      env: { ...environment(), ...env() },
    });
    expect(stderr).toBe('');
    expect(collector.calls).toHaveLength(env().OTEL_TRACES_EXPORTER!.split(',').length);
    expect(new Set(names())).toEqual(new Set(['order']));
  });

  test('delivers before process.exit over HTTP', async () => {
    collector = await OtlpReceiver.start();
    const received: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (bytes: Buffer) => received.push(`${request.url} ${bytes.includes('order')}`));
      request.on('end', () => response.end());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...environment(), OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_EXPORTER_OTLP_ENDPOINT: url };
    await runModule(`${SPAN} process.exit(0);`, { args: patientRegister, env });
    server.close();
    expect(received).toEqual(['/v1/traces true']);
  });

  test('counts spans as lost in one line if nobody answers', async () => {
    const { code, stderr } = await run(`${SPAN} process.exit(3);`, { answer: 'hang', args: register });
    expect(code).toBe(3);
    expect(stderr.trim()).toBe(
      '@hatchet-ts/sdk-otel: the process ended before all spans were delivered; they are lost (1 for otlp); check that the receiver answers',
    );
  });

  test('starts no other process if all spans are delivered', async () => {
    const count = `
      const { syncBuiltinESMExports } = await import('node:module');
      const childProcess = (await import('node:child_process')).default;
      childProcess.spawnSync = () => { console.log('spawned'); return {}; };
      syncBuiltinESMExports();`;
    expect((await run(count + SPAN)).stdout).toBe('');
    expect((await run(`${count}${SPAN} process.exit(0);`)).stdout).toBe('spawned\n');
  });

  test('does nothing in worker threads', async () => {
    const thread = `console.log(globalThis[Symbol.for('opentelemetry.js.api.1')]?.trace)`;
    const { stdout } = await run(
      `
      const { Worker } = await import('node:worker_threads');
      new Worker(${JSON.stringify(thread)}, { eval: true });`,
      { args: register },
    );
    expect(stdout).toBe('undefined\n');
  });

  // its child has 2 s, which can be short on a busy machine
  test('is complete as it is published', { retry: 5 }, async () => {
    await run(`${SPAN} process.exit(0);`, { args: ['--import', './dist/register.mjs'] });
    expect(names()).toEqual(['order']);
  });
});
