import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from '../testing/engine.ts';
import { runModule } from '../testing/run-module.ts';

const DIAG = `
  const { diag, DiagLogLevel } = await import('@opentelemetry/api');
  const say = (level) => (...text) => console.log(level, ...text);
  const logger = Object.fromEntries(['error', 'warn', 'info', 'debug', 'verbose'].map((level) => [level, say(level)]));
  diag.setLogger(logger, { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true });`;

describe('two instrumentors at once', () => {
  const runBoth = (order: string) =>
    runModule(`${DIAG}
    const { HatchetInstrumentor } = await import('./src/index.ts');
    const { HatchetInstrumentor: Official } = await import('@hatchet-dev/typescript-sdk/opentelemetry/index.js');
    const ours = () => (globalThis.ours = new HatchetInstrumentor());
    const official = () => new Official({ enableHatchetCollector: false });
    ${order}
    await import('@hatchet-dev/typescript-sdk');
    await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify(globalThis.ours.explain().missing));
    process.exit(0);`);

  test('the official one after ours replaces our methods, and a warning reports it', async () => {
    const { stdout } = await runBoth('ours(); official();');
    expect(stdout).toMatch(/^warn .*another instrumentation has replaced EventClient\.push, EventClient\.bulkPush/m);
    expect(stdout.trim().split('\n').at(-1)).toContain('another instrumentation has replaced EventClient.push');
  });

  test('ours after the official one replaces its methods, and a warning reports it', async () => {
    const { stdout } = await runBoth('official(); ours();');
    expect(stdout).toMatch(/^warn .*EventClient\.push has another instrumentation; this one replaces it/m);
    expect(stdout.trim().split('\n').at(-1)).not.toContain('another instrumentation has replaced');
  });
});

test('an SDK that was loaded before is patched, and a log line reports it', async () => {
  const { stdout } = await runModule(`${DIAG}
    await import('@hatchet-dev/typescript-sdk');
    const { HatchetInstrumentor } = await import('./src/index.ts');
    new HatchetInstrumentor();
    process.exit(0);`);
  expect(stdout).toMatch(/^info .*patched @hatchet-dev\/typescript-sdk [\d.]+, which was already loaded$/m);
});

describe('node --import @hatchet-ts/sdk-otel/register', () => {
  let engine: TestEngine;
  let collector: OtlpReceiver;
  const register = ['--import', './src/register.ts'];
  const push = `
    const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
    await HatchetClient.init({ log_level: 'OFF' }).events.push('order:paid', {});`;
  const otel = () => ({
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_SERVICE_NAME: 'shop',
    OTEL_BSP_SCHEDULE_DELAY: '3600000',
    ...engine.environment,
  });

  beforeAll(async () => {
    [engine, collector] = await Promise.all([startEngine(), OtlpReceiver.start()]);
  });
  afterAll(async () => {
    collector.stop();
    await engine.stop();
  });

  test('traces without code, and flushes on SIGTERM', async () => {
    const env = { ...otel(), HATCHET_CLIENT_OPENTELEMETRY_CAPTURE_PAYLOAD: 'true', OTEL_LOG_LEVEL: 'debug' };
    const { stdout, signal } = await runModule(
      `${push} process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`,
      {
        args: register,
        env,
      },
    );
    expect(signal).toBe('SIGTERM');
    for (const text of ['hatchet.push_event', 'shop', 'hatchet.payload']) {
      expect(
        collector.calls.some(({ bytes }) => bytes.includes(text)),
        text,
      ).toBe(true);
    }
    expect(stdout).toContain('tracer provider: global, TracerProvider');
    expect(stdout).toMatch(/EventClient \(push, bulkPush\) of @hatchet-dev\/typescript-sdk/);
  });

  test('sends to the engine with OTEL_TRACES_EXPORTER=hatchet', async () => {
    const env = { ...otel(), OTEL_TRACES_EXPORTER: 'hatchet', OTEL_LOG_LEVEL: 'warn' };
    const { stdout, stderr } = await runModule(
      `${push} process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`,
      {
        args: register,
        env,
      },
    );
    // the engine of these tests has no receiver, which the exporter reports
    expect(stdout + stderr).toContain('has no OTLP receiver');
  });

  test('uses a provider that the application registered before', async () => {
    const provider = `data:text/javascript,${encodeURIComponent(`
      import { createRequire } from 'node:module';
      const require = createRequire(process.cwd() + '/x.js');
      const { BasicTracerProvider, SimpleSpanProcessor, ConsoleSpanExporter } = require('@opentelemetry/sdk-trace-base');
      require('@opentelemetry/api').trace.setGlobalTracerProvider(
        new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] }));`)}`;
    const { stdout } = await runModule(`${push} process.exit(0);`, {
      args: ['--import', provider, ...register],
      env: engine.environment,
    });
    expect(stdout).toContain("name: 'hatchet.push_event'");
  });

  test('reports an invalid variable with the valid values', async () => {
    const env = { ...otel(), OTEL_TRACES_EXPORTER: 'jaeger', OTEL_LOG_LEVEL: 'warn' };
    const { stdout, stderr } = await runModule('process.exit(0);', { args: register, env });
    expect(stdout + stderr).toContain(
      'OTEL_TRACES_EXPORTER contains the unknown exporter "jaeger"; it is ignored; use otlp, zipkin, console, hatchet or none',
    );
  });

  test('names a missing package and the command that installs it', async () => {
    const hidden = `data:text/javascript,${encodeURIComponent(`
      import Module from 'node:module';
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (name, ...rest) {
        if (name === '@opentelemetry/sdk-node') throw Object.assign(new Error('no'), { code: 'MODULE_NOT_FOUND' });
        return resolve.call(this, name, ...rest);
      };`)}`;
    const { stderr, code } = await runModule('', { args: ['--import', hidden, ...register], env: otel() });
    expect(code).toBe(1);
    expect(stderr).toContain(
      '/register needs @opentelemetry/sdk-node, which is not installed; run: npm install @opentelemetry/sdk-node',
    );
  });
});

describe('loaded packages', () => {
  const loadEntry = (entry: string) =>
    runModule(`
      const { registerHooks, createRequire } = await import('node:module');
      const seen = new Set();
      registerHooks({ load(url, context, next) { seen.add(url); return next(url, context); } });
      await import('./src/${entry}.ts');
      console.log(JSON.stringify([...seen, ...Object.keys(createRequire(process.execPath).cache)]));`);
  const packagesOf = ({ stdout }: { stdout: string }) => {
    const paths = JSON.parse(stdout) as string[];
    const names = paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
    return [...new Set(names.filter((name) => name !== undefined))].sort();
  };

  test('of the main entry are the API and @opentelemetry/instrumentation, no gRPC and no SDK', async () => {
    const instrumentation = await runModule(`
      await import('@opentelemetry/instrumentation');
      const { createRequire } = await import('node:module');
      console.log(JSON.stringify(Object.keys(createRequire(process.execPath).cache)));`);
    const packages = packagesOf(await loadEntry('index'));
    expect(packages).toEqual(packagesOf(instrumentation));
    expect(packages).toContain('@opentelemetry/instrumentation');
    expect(packages.filter((name) => /grpc|protobuf|zod|typescript-sdk|sdk-/.test(name))).toEqual([]);
  });

  test('of the exporter, before a span is sent, are the API', async () => {
    expect(packagesOf(await loadEntry('exporter'))).toEqual(['@opentelemetry/api']);
  });
});
