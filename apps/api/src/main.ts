import { once } from 'node:events';
import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import { configDirectoryOf, startServerTelemetry, traceLogFields } from '@hatchet-ts/server-otel';
import { pino } from 'pino';
import manifest from '../package.json' with { type: 'json' };
import { readConfiguration } from './configuration.ts';

const MISCONFIGURED = 2;
const FAILED = 1;

const problems: string[] = [];
const configuration = attempt(() => readConfiguration(process.env));
const logger = pino({ level: configuration?.logLevel ?? 'info', mixin: traceLogFields });
const configDirectory = configDirectoryOf();
const telemetry = attempt(() => startServerTelemetry({ serviceVersion: manifest.version, logger, configDirectory }));
if (!configuration || !telemetry) {
  console.error(oneLine(problems.join('; ')));
  process.exit(MISCONFIGURED);
}
// a trace that this service drops must not be written into a run's metadata
new HatchetInstrumentor({ propagateUnsampled: false });

const stopSignal = Promise.race(['SIGTERM', 'SIGINT'].map((signal) => once(process, signal).then(() => signal)));
try {
  // pg, grpc-js and the SDK are loaded here, after what instruments them
  const { startService } = await import('./service.ts');
  const service = await startService(configuration, logger);
  logger.info({ address: service.address }, 'ready');
  logger.info({ signal: await stopSignal }, 'stopping');
  await service.stop();
  process.exitCode = 0;
} catch (error) {
  console.error(oneLine(error instanceof Error ? error.message : String(error)));
  process.exitCode = FAILED;
} finally {
  await telemetry.shutdown();
}
process.exit();

/** All problems are told in one go. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function oneLine(text: string): string {
  return `api: ${text.replaceAll('\n', '; ')}`;
}
