// Runs a worker that leaves signals to the SDK; its only task ends after the signal.
import { HatchetClient } from '@hatchet-dev/typescript-sdk';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { HatchetInstrumentor } from '../index.ts';

new NodeSDK({ instrumentations: [new HatchetInstrumentor()] }).start();

const hatchet = new HatchetClient();
const work = hatchet.task({
  name: 'work',
  fn: async () => {
    await new Promise((resolve) => process.once('SIGTERM', resolve));
    await hatchet.events.push('last', {});
    return {};
  },
});
const worker = await hatchet.worker('stopped', { workflows: [work] });
await worker.start();
