import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestCollector } from './collector.ts';
import type { TestEngine } from './engine.ts';

/**
 * Runs a worker in a process of its own, with the SDK's handling of signals and the stock exporter over gRPC, and sends
 * SIGTERM while its task runs.
 *
 * @returns the exit code
 */
export async function stoppedWorker(engine: TestEngine, { url }: TestCollector): Promise<unknown> {
  const child = spawn(
    process.execPath,
    ['--no-warnings', fileURLToPath(new URL('./worker-process.ts', import.meta.url))],
    {
      stdio: 'ignore',
      env: {
        ...process.env,
        ...engine.environment,
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_BSP_SCHEDULE_DELAY: '3600000',
      },
    },
  );
  try {
    const exit = once(child, 'exit');
    const { taskRunExternalId } = engine.dispatch('work:work');
    await engine.reported(taskRunExternalId, 1);
    child.kill('SIGTERM');
    const [code] = await exit;
    return code;
  } finally {
    child.kill('SIGKILL');
  }
}
