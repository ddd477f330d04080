import { setTimeout as delay } from 'node:timers/promises';
import type { ServerTelemetry } from '@hatchet-ts/server-otel';
import type { Logger } from 'pino';
import type { EngineConfig } from './config.ts';
import { startEngine } from './engine.ts';

/** A collector that does not answer must not keep the engine; `shutdown` tries once more. */
const FLUSH_MS = 2_000;

/** Runs the engine until it is told to stop; loaded after the telemetry, which has to see pg and gRPC being loaded. */
export async function serve(config: EngineConfig, telemetry: ServerTelemetry, log: Logger): Promise<void> {
  const engine = await startEngine({
    ...config,
    log,
    tracing: telemetry.enabled,
    meterProvider: telemetry.meterProvider,
  });
  log.info({ address: engine.address }, 'ready');

  const signal = await Promise.race((['SIGTERM', 'SIGINT'] as const).map(nextSignal));
  log.info({ signal }, 'stopping');
  // the engine may be its own collector: what has ended goes out while the port is open
  await Promise.race([telemetry.forceFlush(), delay(FLUSH_MS, undefined, { ref: false })]);
  await engine.stop();
  await telemetry.shutdown();
}

function nextSignal(name: NodeJS.Signals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once(name, resolve);
  });
}
