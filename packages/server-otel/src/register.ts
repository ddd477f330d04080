import { isMainThread } from 'node:worker_threads';
import { configDirectoryOf } from './configuration/configuration-file.ts';
import { startTelemetry } from './start.ts';

// For `node --import @hatchet-ts/server-otel/register`: starts telemetry before any other module loads. Worker threads
// inherit the flag: theirs would be further services, and signals do not reach them.
if (isMainThread) {
  const configDirectory = configDirectoryOf();
  const isSource = import.meta.url.endsWith('.ts');
  startTelemetry(
    { configDirectory, shutdownOnSignals: true },
    {
      script: new URL(isSource ? './last-batch.ts' : './last-batch.mjs', import.meta.url),
      args: configDirectory === undefined ? [] : [configDirectory],
      env: { ...process.env },
      cwd: process.cwd(),
    },
  );
}
