/* Worker of the engine's bench. Reports the start of each task, in batches. */
import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';
import type { RunInput, TaskStart } from './client-and-worker.ts';

const REPORT_INTERVAL_MS = 20;

const starts: TaskStart[] = [];
setInterval(() => {
  if (starts.length > 0) process.send!(starts.splice(0));
}, REPORT_INTERVAL_MS);

const hatchet = HatchetClient.init();
const task = hatchet.task({
  name: 'noop',
  fn: ({ round, index }: RunInput) => {
    starts.push({ round, index, at: performance.timeOrigin + performance.now() });
    return {};
  },
});
const worker = await hatchet.worker('bench', { workflows: [task], slots: Number(process.env.SLOTS) });
void worker.start();
await worker.waitUntilReady(30_000);
// Exits without worker.stop(), which would call a REST API to pause the worker; the bench has none.
process.once('disconnect', () => process.exit());
process.send!('ready');
