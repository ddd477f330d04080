import { ServerTelemetryConfigError, startServerTelemetry } from '@hatchet-ts/server-otel';
import { pino } from 'pino';
import manifest from '../package.json' with { type: 'json' };
import { ConfigError, readConfig } from './config.ts';

/** 2 for a configuration that cannot work, 1 for everything else. */
const code = await main().then(
  () => 0,
  (error: unknown) => {
    const wrong = error instanceof ConfigError || error instanceof ServerTelemetryConfigError;
    process.stderr.write(`engine: ${reasonOf(error)}\n`);
    return wrong ? 2 : 1;
  },
);
process.exit(code);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ name: 'engine', level: config.logLevel });
  const telemetry = startServerTelemetry({ serviceVersion: manifest.version, logger: log });
  // Not before: pg and gRPC are instrumented when they are loaded.
  const { serve } = await import('./service.ts');
  await serve(config, telemetry, log);
}

/** One line, without the database's URL: it holds a password. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error);
}
