import {
  configDirectoryOf,
  type ServerTelemetry,
  ServerTelemetryConfigError,
  startServerTelemetry,
  traceLogFields,
} from '@hatchet-ts/server-otel';
import { type Logger, pino } from 'pino';
import { ConfigurationError } from './configuration.ts';
import { describeError } from './describe-error.ts';

export interface ServiceDefinition<Configuration extends { logLevel: string }> {
  /** Name of the service in log lines and on standard error. */
  name: string;
  version: string;
  /** @throws ConfigurationError with every problem at once */
  readConfiguration(environment: NodeJS.ProcessEnv): Configuration;
  /** Starts the service. Must import pg, gRPC and the SDK itself: telemetry instruments them when they are loaded. */
  start(configuration: Configuration, logger: Logger, telemetry: ServerTelemetry): Promise<RunningService>;
}

/** A service that accepts requests. */
export interface RunningService {
  /** `host:port` that the service listens on. */
  address: string;
  stop(): Promise<void>;
}

const EXIT_FAILED = 1;
const EXIT_MISCONFIGURED = 2;

/**
 * Runs a service until SIGTERM or SIGINT, then ends the process: with status 0, with 2 if the configuration cannot
 * work, with 1 after any other failure. Standard error gets one line per failure.
 */
export async function runService<Configuration extends { logLevel: string }>(
  definition: ServiceDefinition<Configuration>,
): Promise<never> {
  const { name, version, readConfiguration, start } = definition;
  function fail(status: number, reasons: unknown[]): number {
    process.stderr.write(`${name}: ${reasons.map(describeError).join('; ')}\n`);
    return status;
  }

  const problems: unknown[] = [];
  const configuration = attempt(() => readConfiguration(process.env), problems);
  const logger = pino({ name, level: configuration?.logLevel ?? 'info', mixin: traceLogFields });
  const telemetry = attempt(
    () => startServerTelemetry({ serviceVersion: version, logger, configDirectory: configDirectoryOf() }),
    problems,
  );
  if (!configuration || !telemetry) process.exit(fail(EXIT_MISCONFIGURED, problems));

  let status = 0;
  const signal = Promise.race((['SIGTERM', 'SIGINT'] as const).map(nextSignal));
  try {
    const service = await start(configuration, logger, telemetry);
    logger.info({ address: service.address }, 'ready');
    logger.info({ signal: await signal }, 'stopping');
    await service.stop();
  } catch (error) {
    status = fail(EXIT_FAILED, [error]);
  }
  await telemetry.shutdown();
  process.exit(status);
}

/** Keeps a problem with the configuration, so that all problems are reported together. */
function attempt<T>(read: () => T, problems: unknown[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof ServerTelemetryConfigError)) throw error;
    problems.push(error);
    return undefined;
  }
}

function nextSignal(name: NodeJS.Signals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once(name, resolve);
  });
}
