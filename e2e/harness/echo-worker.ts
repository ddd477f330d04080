import { join } from 'node:path';
import type { Deployment } from './deployment.ts';
import { ServiceProcess } from './service-process.ts';

export interface EchoWorkerOptions {
  /** For its log. */
  folder: string;
  deployment: Deployment;
  /** `host:port` that it exports to, in plaintext. */
  exportsTo: string;
  /** Its `service.name`. */
  name?: string;
}

/** A worker of a user: the official SDK, instrumented, with a task `echo` whose result is `{text}` of its input. */
export async function startEchoWorker(options: EchoWorkerOptions): Promise<ServiceProcess> {
  const { folder, deployment, exportsTo, name = 'echo-worker' } = options;
  return ServiceProcess.start({
    name,
    entry: join(import.meta.dirname, '../workers/echo.ts'),
    env: {
      ...deployment.clientEnvironment,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${exportsTo}`,
    },
    logFile: join(folder, `${name}.log`),
  });
}
