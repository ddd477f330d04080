import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CALLER, KEPT } from './testing/recording.ts';

const sourceOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Runs a separate process: the tests' own process has loaded more modules. */
async function run(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
  });
  return stdout;
}

const twoServices = async (env: Record<string, string>) =>
  JSON.parse(await run([sourceOf('./testing/two-services.ts'), `00-${KEPT}-${CALLER}-03`], env)) as {
    continued: unknown;
    begun: unknown;
    created: number;
    modules: string[];
  };

/** Modules that create, keep and send spans and metrics. */
const PIPELINE = /^@opentelemetry\/(sdk-|exporter-|otlp-|resources|instrumentation-runtime-node)/;

describe('a service without a collector', () => {
  it.each([
    ['because none is configured', {}],
    ['because OTEL_SDK_DISABLED is true', { SERVER_OTEL_COLLECTOR_URL: '127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
  ])('passes traces on through HTTP and gRPC and loads no SDK, %s', async (_why, env) => {
    const { continued, begun, created, modules } = await twoServices(env);
    expect(continued).toEqual({ traceparent: `00-${KEPT}-${CALLER}-03`, tracestate: 'vendor=1' });
    expect(begun).toEqual({});
    expect(created).toBe(0);
    expect(modules.filter((module) => PIPELINE.test(module))).toEqual([]);
    expect(modules.some((module) => module.startsWith('@opentelemetry/api/'))).toBe(true);
  });
});

describe('a service with a collector', () => {
  it('loads the pipeline and adds its spans to the trace', async () => {
    const env = {
      SERVER_OTEL_COLLECTOR_URL: '127.0.0.1:1',
      SERVER_OTEL_INSECURE: 'true',
      SERVER_OTEL_SHUTDOWN_TIMEOUT: '100ms',
    };
    const { continued, modules } = await twoServices(env);
    expect(continued).toEqual({
      traceparent: expect.stringMatching(new RegExp(`^00-${KEPT}-(?!${CALLER})[\\da-f]{16}-01$`)),
      tracestate: 'vendor=1',
    });
    expect(modules.filter((module) => PIPELINE.test(module))).not.toEqual([]);
  });
});

describe('the package', () => {
  it('does nothing when it is imported', async () => {
    const script = `
      const before = Object.getOwnPropertySymbols(globalThis).length;
      const listeners = process.eventNames().length;
      await import(${JSON.stringify(sourceOf('./index.ts'))});
      const globals = Object.getOwnPropertySymbols(globalThis).slice(before);
      console.log(JSON.stringify([globals.map(String), process.eventNames().length - listeners]));`;
    expect(JSON.parse(await run(['--input-type=module', '-e', script]))).toEqual([[], 0]);
  });

  it('starts with --import, configured by the environment', async () => {
    const script = `
      import { startServerTelemetry } from ${JSON.stringify(sourceOf('./index.ts'))};
      const { enabled, endpoint } = startServerTelemetry().status();
      console.log(JSON.stringify({ enabled, endpoint }));
      await startServerTelemetry().shutdown();`;
    const args = ['--import', sourceOf('./register.ts'), '--input-type=module', '-e', script];
    const answer = await run(args, { SERVER_OTEL_COLLECTOR_URL: 'localhost:4317' });
    expect(JSON.parse(answer)).toEqual({ enabled: true, endpoint: 'localhost:4317' });
  });
});
