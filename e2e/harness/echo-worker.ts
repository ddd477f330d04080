import { join } from 'node:path';
import type { RunningProcess } from '@hatchet-ts/trace-testing';
import type { Deployment } from './deployment.ts';
import { startService } from './service.ts';

export interface EchoWorkerOptions {
  /** Folder of its log. */
  folder: string;
  deployment: Deployment;
  /** `host:port` of the collector that it exports to, in plaintext. */
  exportsTo: string;
  /** `service.name`. Default: echo-worker. */
  name?: string;
}

/** Starts a user's worker: the official SDK, instrumented, with a task `echo` that returns `{text}` of its input. */
export function startEchoWorker({
  folder,
  deployment,
  exportsTo,
  name = 'echo-worker',
}: EchoWorkerOptions): Promise<RunningProcess> {
  return startService({
    name,
    entry: join(import.meta.dirname, '../workers/echo.ts'),
    env: {
      ...deployment.clientEnvironment,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${exportsTo}`,
    },
    folder,
  });
}
