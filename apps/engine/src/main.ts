import {
  configDirectoryOf,
  ServerTelemetryConfigError,
  startServerTelemetry,
  traceLogFields,
} from '@hatchet-ts/server-otel';
import { pino } from 'pino';
import manifest from '../package.json' with { type: 'json' };
import { ConfigError, readConfig } from './config.ts';

/** 2 for a configuration that cannot work, 1 for everything else. */
const code = await main().then(
  () => 0,
  (error: unknown) => {
    process.stderr.write(`engine: ${reasonOf(error)}\n`);
    return error instanceof ConfigError ? 2 : 1;
  },
);
process.exit(code);

async function main(): Promise<void> {
  const problems: Error[] = [];
  const config = attempt(() => readConfig(process.env), problems);
  const log = pino({ name: 'engine', level: config?.logLevel ?? 'info', mixin: traceLogFields });
  const configDirectory = configDirectoryOf();
  const telemetry = attempt(
    () => startServerTelemetry({ serviceVersion: manifest.version, logger: log, configDirectory }),
    problems,
  );
  if (!config || !telemetry) throw new ConfigError(problems.map(reasonOf).join('; '));
  // Not before: pg and gRPC are instrumented when they are loaded.
  const { serve } = await import('./service.ts');
  await serve(config, telemetry, log);
}

/** All that is wrong with the configuration is told in one go. */
function attempt<T>(read: () => T, problems: Error[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof ServerTelemetryConfigError)) throw error;
    problems.push(error);
    return undefined;
  }
}

/** One line, without the database's URL: it holds a password. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error);
}
