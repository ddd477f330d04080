import { isTraceIdSampled } from '@hatchet-ts/ratio-sampler';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runModule } from '../testing/run-module.ts';

let collector: OtlpReceiver;
beforeAll(async () => {
  collector = await OtlpReceiver.start();
});
afterAll(() => collector.stop());

/** Runs a program with the zero-code entry. */
const run = (code: string, env: Record<string, string> = {}) =>
  runModule(code, {
    args: ['--import', './src/register.ts'],
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...env,
    },
  });

describe('OTEL_TRACES_SAMPLER=hatchet_traceidratio', () => {
  const spans = `
    const { trace } = await import('@opentelemetry/api');
    const tracer = trace.getTracer('shop');
    const spans = Array.from({ length: 200 }, () => tracer.startSpan('order'));
    console.log(JSON.stringify(spans.map((span) => [span.spanContext().traceId, span.isRecording()])));`;
  const sampler = (name: string, arg: string) => ({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg });
  const decisions = async (name: string) => {
    const { stdout } = await run(spans, { ...sampler(name, '0.25'), OTEL_TRACES_EXPORTER: 'console' });
    return JSON.parse(stdout) as [string, boolean][];
  };

  test('keeps the traces that the services keep at the same ratio', async () => {
    for (const [traceId, isKept] of await decisions('hatchet_traceidratio')) {
      expect(isKept, traceId).toBe(isTraceIdSampled(traceId, 0.25));
    }
  });

  test('is needed, because traceidratio keeps others', async () => {
    const traces = await decisions('traceidratio');
    expect(traces.some(([traceId, isKept]) => isKept !== isTraceIdSampled(traceId, 0.25))).toBe(true);
  });

  test('reports an invalid ratio and nothing else', async () => {
    const { stderr } = await run('', sampler('hatchet_traceidratio', '25%'));
    expect(stderr).toBe(
      '@hatchet-ts/sdk-otel: OTEL_TRACES_SAMPLER_ARG is "25%", which is invalid; all traces are kept; expected a number from 0 to 1, for example 0.25\n',
    );
    const { stderr: valid } = await run('', sampler('hatchet_traceidratio', '0.25'));
    expect(valid).toBe('');
  });
});

describe('the resource', () => {
  const resource = async (env: Record<string, string> = {}) => {
    const { stdout, stderr } = await run(
      `
      const { trace } = await import('@opentelemetry/api');
      const { resource } = trace.getTracer('shop').startSpan('order');
      await resource.waitForAsyncAttributes?.();
      console.log(JSON.stringify(resource.attributes));`,
      env,
    );
    return { ...(JSON.parse(stdout) as Record<string, unknown>), ...(stderr && { stderr }) };
  };

  test('has an instance id and describes the machine, without the command line', async () => {
    const attributes = await resource();
    expect(attributes).toMatchObject({
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'host.name': expect.any(String),
      'host.arch': expect.any(String),
      'process.pid': expect.any(Number),
    });
    const kept = Object.keys(attributes).filter((key) => /^process\.(command|owner)/.test(key));
    expect(kept).toEqual([]);
  });

  test('describes the machine as the services do: by the SDK’s host detector', async () => {
    const { stdout } = await run(`
      const { createRequire } = await import('node:module');
      const require = createRequire(import.meta.url);
      const sdk = createRequire(require.resolve('@opentelemetry/sdk-node'));
      const { detectResources, hostDetector } = sdk('@opentelemetry/resources');
      const { trace } = await import('@opentelemetry/api');
      const ofSpan = trace.getTracer('shop').startSpan('order').resource;
      const ofService = detectResources({ detectors: [hostDetector] });
      for (const resource of [ofSpan, ofService]) {
        await resource.waitForAsyncAttributes();
        console.log(JSON.stringify(Object.entries(resource.attributes).filter(([key]) => key.startsWith('host.')).sort()));
      }`);
    const [ofSpan, ofService] = stdout.split('\n');
    expect(ofSpan).toContain('host.name');
    expect(ofSpan).toBe(ofService);
  });

  test('has the attributes of the operator', async () => {
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=worker-7,host.name=machine-7' };
    expect(await resource(env)).toMatchObject({ 'service.instance.id': 'worker-7', 'host.name': 'machine-7' });
  });

  test('has what OTEL_NODE_RESOURCE_DETECTORS names, and reports an unknown name', async () => {
    const attributes = await resource({ OTEL_NODE_RESOURCE_DETECTORS: 'os,cloud' });
    expect(attributes).toMatchObject({
      'os.type': expect.any(String),
      'service.instance.id': expect.any(String),
      stderr: expect.stringContaining(
        'OTEL_NODE_RESOURCE_DETECTORS contains the unknown detector "cloud"; it is ignored; use host, os, serviceinstance, process, env, all or none',
      ),
    });
    expect(attributes).not.toHaveProperty('host.name');
    expect(await resource({ OTEL_NODE_RESOURCE_DETECTORS: 'all' })).toMatchObject({ 'os.type': expect.any(String) });
  });
});

test('an application that starts another SDK gets one warning and no stack traces', async () => {
  const { stdout, stderr } = await run(`
    const { NodeSDK } = await import('@opentelemetry/sdk-node');
    new NodeSDK().start();
    console.log('started');`);
  expect(stdout).toBe('started\n');
  expect(stderr).toBe(
    '@hatchet-ts/sdk-otel: the application has started another OpenTelemetry SDK; that one is not used and exports no traces; remove it, or remove /register and call new HatchetInstrumentor()\n',
  );
});
