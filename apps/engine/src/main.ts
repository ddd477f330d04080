import { settlesWithin } from '@hatchet-ts/internal/deadline';
import { runService } from '@hatchet-ts/service';
import manifest from '../package.json' with { type: 'json' };
import { readConfiguration } from './configuration.ts';

/** Longest wait, in milliseconds, for a collector before the engine stops. */
const FLUSH_MS = 2_000;

await runService({
  name: 'engine',
  version: manifest.version,
  readConfiguration,
  async start(configuration, log, telemetry) {
    const { startEngine } = await import('./engine.ts');
    const engine = await startEngine({
      ...configuration,
      log,
      tracing: telemetry.enabled,
      meterProvider: telemetry.meterProvider,
    });
    return {
      address: engine.address,
      async stop() {
        // The engine may be its own collector: spans that ended are exported while the port is open.
        await settlesWithin(telemetry.forceFlush(), FLUSH_MS);
        await engine.stop();
      },
    };
  },
});
