/* `node outage-process.ts <pipeline> <address> <seconds>`: exports spans before, during and after an outage. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PIPELINES, type PipelineName } from './pipelines.ts';

process.once('disconnect', () => process.exit());

export interface OutageReport {
  /** Spans that have ended so far. */
  readonly created: number;
  /** Resident bytes after a garbage collection. */
  readonly rss: number;
}

const SPANS = 20_480;
const [name = 'ours', address = '', seconds = '60'] = process.argv.slice(2);
const pipeline = PIPELINES[name as PipelineName](address);
let created = 0;

for (let second = 0; second < 3; second++) await endSpans(2000, 20);
await pipeline.flush();
report();
await once(process, 'message');
await endSpans(SPANS, Number(seconds) * 20);
report();
await once(process, 'message');
for (let second = 0; second < 10 && pipeline.pending() > 0; second++) await sleep(1000);
await pipeline.flush();
report();

/** Ends spans at an even rate, in portions of 50 ms. */
async function endSpans(spans: number, portions: number): Promise<void> {
  for (let portion = 1; portion <= portions; portion++) {
    const due = Math.floor((spans * portion) / portions) - Math.floor((spans * (portion - 1)) / portions);
    pipeline.endSpans(due);
    created += due;
    await sleep(50);
  }
}

function report(): void {
  globalThis.gc?.();
  process.send?.({ created, rss: process.memoryUsage.rss() } satisfies OutageReport);
}
