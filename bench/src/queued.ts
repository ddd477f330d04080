/* `node --expose-gc queued.ts <pipeline>`: bytes that a span retains while it waits. Prints one number. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PIPELINES } from './pipelines.ts';

const SPANS = 20_480;
// Nobody listens there; the stock processor is given a batch size that it does not reach, for it would drop what fails.
const NOWHERE = '127.0.0.1:1';
const pipeline = process.argv[2] === 'stock' ? PIPELINES.stock(NOWHERE, 65_536) : PIPELINES.ours(NOWHERE);

pipeline.spans(1000);
const before = await retained();
pipeline.spans(SPANS);
const after = await retained();
if (pipeline.pending() !== SPANS + 1000) throw new Error(`${pipeline.pending()} spans wait`);
console.log((after - before) / SPANS);
process.exit();

async function retained(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await sleep(50);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
