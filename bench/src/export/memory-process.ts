/* `node --expose-gc memory-process.ts <pipeline>`: reports the bytes that a queued span retains. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PIPELINES } from './pipelines.ts';

process.once('disconnect', () => process.exit());

const SPANS = 20_480;
// Nothing listens on this port. The stock processor drops a batch that fails, so its batch size is beyond reach.
const NOWHERE = '127.0.0.1:1';
const pipeline = process.argv[2] === 'stock' ? PIPELINES.stock(NOWHERE, 65_536) : PIPELINES.ours(NOWHERE);

pipeline.endSpans(1000);
const before = await retainedBytes();
pipeline.endSpans(SPANS);
const after = await retainedBytes();
if (pipeline.pending() !== SPANS + 1000) {
  throw new Error(`the queue lost spans: ${pipeline.pending()} of ${SPANS + 1000} are left`);
}
process.send?.((after - before) / SPANS);

async function retainedBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await sleep(50);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
