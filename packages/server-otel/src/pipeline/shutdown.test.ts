import { fileURLToPath } from 'node:url';
import { startProcess } from '@hatchet-ts/trace-testing';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShutdown } from './shutdown.ts';

let collector: OtlpReceiver;
beforeAll(async () => {
  collector = await OtlpReceiver.start();
});
afterAll(() => collector.stop());

/** Runs a service that records one span, waits and receives SIGTERM. */
async function runUntilSigterm(
  options: string,
  more = '',
): Promise<{ signal: string | null; code: number | null; calls: number }> {
  const before = collector.calls.length;
  const script = `
    import { runSpan, startServerTelemetry } from ${JSON.stringify(fileURLToPath(new URL('../index.ts', import.meta.url)))};
    startServerTelemetry(${options});
    runSpan('queue', {}, () => {});
    ${more}
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const service = await startProcess('node', ['--input-type=module', '-e', script], {
    env: { SERVER_OTEL_COLLECTOR_URL: collector.address, SERVER_OTEL_INSECURE: 'true' },
    ready: 'ready',
    ignoreExitCode: true,
  });
  const { code, signal } = await service.stop();
  return { signal, code, calls: collector.calls.length - before };
}

describe('on SIGTERM a service', () => {
  it('with the option delivers its spans and ends by the signal', async () => {
    expect(await runUntilSigterm('{ shutdownOnSignals: true }')).toEqual({ signal: 'SIGTERM', code: null, calls: 1 });
  });

  it('with listeners of its own delivers its spans and ends by itself', async () => {
    const own = "process.on('SIGTERM', () => setTimeout(() => process.exit(7), 500));";
    expect(await runUntilSigterm('{ shutdownOnSignals: true }', own)).toEqual({ signal: null, code: 7, calls: 1 });
  });

  it('without the option is not changed', async () => {
    expect(await runUntilSigterm('{}')).toEqual({ signal: 'SIGTERM', code: null, calls: 0 });
  });
});

describe('the shutdown of several pipelines', () => {
  it('keeps time for the metrics if the spans use all of theirs, and closes each pipeline', async () => {
    const order: string[] = [];
    const { promise: never } = Promise.withResolvers<void>();
    const pipeline = (name: string, done: () => Promise<void>) => ({
      shutdown: () => {
        order.push(`${name} stops`);
        return done();
      },
      close: () => void order.push(`${name} is closed`),
    });
    const sent = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push('metrics are sent');
    };
    const shutdown = createShutdown(
      [pipeline('tracing', () => never), pipeline('metrics', sent)],
      500,
      () => void order.push('stopped'),
    );
    await Promise.all([shutdown(), shutdown()]);
    expect(order).toEqual([
      'tracing stops',
      'tracing is closed',
      'metrics stops',
      'metrics are sent',
      'metrics is closed',
      'stopped',
    ]);
  });

  it('never rejects', async () => {
    const failing = { shutdown: () => Promise.reject(new Error('no')), close: () => {} };
    await expect(createShutdown([failing, failing], 100, () => {})()).resolves.toBeUndefined();
  });
});
