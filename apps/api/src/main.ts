import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import { runService } from '@hatchet-ts/service';
import manifest from '../package.json' with { type: 'json' };
import { readConfiguration } from './configuration.ts';

await runService({
  name: 'api',
  version: manifest.version,
  readConfiguration,
  async start(configuration, logger) {
    // A trace that this service drops must not be written into a run's metadata.
    new HatchetInstrumentor({ propagateUnsampled: false });
    const { startService } = await import('./service.ts');
    return startService(configuration, logger);
  },
});
