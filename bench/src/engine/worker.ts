/* The worker of the engine's bench: reports when each task started, a few at a time. */
import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';
import type { Load, Started } from './load.ts';

const REPORT_EVERY_MS = 20;

const started: Started[] = [];
setInterval(() => {
  if (started.length > 0) process.send!(started.splice(0));
}, REPORT_EVERY_MS);

const hatchet = HatchetClient.init();
const task = hatchet.task({
  name: 'noop',
  fn: ({ round, index }: Load) => {
    started.push({ round, index, at: performance.timeOrigin + performance.now() });
    return {};
  },
});
const worker = await hatchet.worker('bench', { workflows: [task], slots: Number(process.env.SLOTS) });
void worker.start();
await worker.waitUntilReady(30_000);
// Not by stop(): that asks a REST API to pause the worker, and here is none.
process.once('message', () => process.exit());
process.send!('ready');
