import { fileURLToPath } from 'node:url';
import { type Exit, runProcess, startProcess } from '@hatchet-ts/trace-testing';
import { OtlpReceiver, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import { afterEach, describe, expect, it } from 'vitest';

let collector: OtlpReceiver;
afterEach(() => collector.stop());

const cwd = fileURLToPath(new URL('..', import.meta.url));
const programWith = (entry: string) => ['--import', entry, '--input-type=module', '--eval'];
const register = programWith('./src/register.ts');
const patientRegister = programWith('./src/testing/patient-register.ts');
const SPAN = `
  import { runSpan } from './src/index.ts';
  runSpan('queue', {}, () => {});`;

async function environment(options: ReceiverOptions = {}): Promise<Record<string, string>> {
  collector = await OtlpReceiver.start(options);
  return {
    SERVER_OTEL_COLLECTOR_URL: collector.address,
    SERVER_OTEL_INSECURE: 'true',
    SERVER_OTEL_SHUTDOWN_TIMEOUT: '2s',
  };
}

/** Runs a service to its end. */
async function run(code: string, { entry = patientRegister, ...options }: ReceiverOptions & { entry?: string[] } = {}) {
  return runProcess('node', [...entry, code], { cwd, env: await environment(options) });
}

/** Runs a service that stays until it gets a signal. */
async function runUntil(signal: NodeJS.Signals, code: string): Promise<Exit> {
  const stays = `${code}; setInterval(() => {}, 1000); console.log('ready');`;
  const options = { cwd, env: await environment(), ready: 'ready', ignoreExitCode: true };
  const service = await startProcess('node', [...patientRegister, stays], options);
  service.signal(signal);
  return service.ended;
}

const names = () => collector.spans.map(({ name }) => name);

describe('node --import @hatchet-ts/server-otel/register', () => {
  it('delivers the spans of a program that ends', async () => {
    expect(await run(SPAN)).toMatchObject({ code: 0, stdout: '' });
    expect(names()).toEqual(['hatchet.run/queue']);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('delivers on %s, which then ends the process', async (signal) => {
    expect(await runUntil(signal, SPAN)).toEqual({ code: null, signal });
    expect(names()).toEqual(['hatchet.run/queue']);
  });

  it('delivers the last spans of an application that handles the signal itself', async () => {
    const own = `process.on('SIGTERM', () => { runSpan('put-workflow', {}, () => {}); process.exit(7); });`;
    expect(await runUntil('SIGTERM', SPAN + own)).toEqual({ code: 7, signal: null });
    expect(names().toSorted()).toEqual(['hatchet.run/put-workflow', 'hatchet.run/queue']);
  });

  it('delivers before process.exit ends the process, by another process', async () => {
    const { code, stderr } = await run(`${SPAN} process.exit(3);`);
    expect(code).toBe(3);
    expect(names()).toEqual(['hatchet.run/queue']);
    expect(stderr).not.toContain('dropping');
  });

  it('delivers after an uncaught exception, with the exit code of Node.js', async () => {
    const { code, stderr } = await run(`${SPAN} throw new Error('mine');`);
    expect(code).toBe(1);
    expect(stderr).toContain('Error: mine\n    at ');
    expect(names()).toEqual(['hatchet.run/queue']);
  });

  it('counts the spans as lost in one line if the collector does not answer', async () => {
    const { code, stderr } = await run(`${SPAN} process.exit(3);`, { answer: 'hang', entry: register });
    expect(code).toBe(3);
    const lost = stderr.split('\n').filter((line) => line.includes('undelivered spans'));
    expect(lost).toEqual([expect.stringMatching(/^telemetry was shut down with undelivered spans; dropping them/)]);
    expect(stderr).toContain('dropped: 1');
  });

  it('does nothing in worker threads', async () => {
    const thread = `console.log(globalThis[Symbol.for('@hatchet-ts/server-otel')])`;
    const code = `
      import { Worker } from 'node:worker_threads';
      new Worker(${JSON.stringify(thread)}, { eval: true });`;
    const { stdout, stderr } = await run(code, { entry: register });
    expect(stdout).toBe('undefined\n');
    expect(stderr.match(/telemetry export is on/g)).toHaveLength(1);
  });
});

// its child has 2 s, which can be short on a busy machine
it('the entry is complete as it is published', { retry: 5 }, async () => {
  const code = SPAN.replace('./src/index.ts', './dist/index.mjs');
  await run(`${code} process.exit(0);`, { entry: programWith('./dist/register.mjs') });
  expect(names()).toEqual(['hatchet.run/queue']);
});

describe('two SDKs in one process', () => {
  const other = `
    import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
    import { MeterProvider } from '@opentelemetry/sdk-metrics';
    import { metrics } from '@opentelemetry/api';
    new NodeTracerProvider().register();
    metrics.setGlobalMeterProvider(new MeterProvider());`;
  const logged = (stderr: string) => stderr.split('\n').filter((line) => /another|duplicate|^ {4}at /.test(line));
  const metrics = { SERVER_OTEL_METRICS_ENABLED: 'true' };

  it('are reported once, without stack traces, if the other one is first', async () => {
    const first = `${other} (await import('./src/index.ts')).startServerTelemetry({ shutdownOnSignals: true });${SPAN}`;
    const env = { ...(await environment()), ...metrics };
    const { stderr } = await runProcess('node', ['--input-type=module', '--eval', first], { cwd, env });
    expect(logged(stderr)).toEqual([
      'another OpenTelemetry SDK is registered in this process and stays the global one; it gets the spans of other instrumentations; start only one of the two {}',
    ]);
    expect(names()).toEqual(['hatchet.run/queue']);
  });

  it('are reported once, without stack traces, if the other one is second', async () => {
    const env = { ...(await environment()), ...metrics };
    const { stderr } = await runProcess('node', [...register, other + SPAN], { cwd, env });
    expect(logged(stderr)).toEqual([
      'another OpenTelemetry SDK was started in this process; it is not used and exports nothing; start only one of the two {}',
    ]);
    expect(names()).toEqual(['hatchet.run/queue']);
  });
});
