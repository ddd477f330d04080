// Bundled into one file with the SDK and the instrumentor, so that no module can be found by its path.

import * as sdk from '@hatchet-dev/typescript-sdk';
import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import * as api from '@opentelemetry/api';
import { scenario } from './scenario.mjs';
import { makeProvider } from './wirings.mjs';

async function main() {
  const { provider, registerGlobally } = await makeProvider((name) => import(name), api);
  registerGlobally();
  const instrumentor = new HatchetInstrumentor();
  const outcome = await scenario(sdk, api, {
    started: (client, worker) => instrumentor.instrument(sdk, client, worker),
  });
  await provider.shutdown();
  console.log(JSON.stringify({ msg: 'done', ...outcome }));
  process.exit(0);
}

void main();
