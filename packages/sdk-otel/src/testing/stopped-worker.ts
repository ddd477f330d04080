import { fileURLToPath } from 'node:url';
import { type Exit, startProcess } from '@hatchet-ts/trace-testing';
import type { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import type { TestEngine } from './engine.ts';

/**
 * Runs a worker in a process of its own, with the SDK's handling of signals and the stock exporter over gRPC, and sends
 * SIGTERM while its task runs.
 */
export async function stopWorkerDuringTask(engine: TestEngine, { url }: OtlpReceiver): Promise<Exit> {
  const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  const worker = await startProcess('node', ['--no-warnings', script], {
    env: {
      ...engine.environment,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_SCHEDULE_DELAY: '3600000',
    },
    ignoreExitCode: true,
  });
  const { taskRunExternalId } = engine.dispatch('work:work');
  await engine.reported(taskRunExternalId, 1);
  return worker.stop();
}
