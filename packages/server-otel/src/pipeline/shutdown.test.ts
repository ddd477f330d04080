import { fileURLToPath } from 'node:url';
import { startProcess } from '@hatchet-ts/trace-testing';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
