/*
 * One measurement in a fresh process: `node producer.ts <pipeline> <full|paced> <address> <spans>`. Prints what it cost
 * as JSON: CPU of this process from the first span to the last answer, and how long the event loop was held.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PIPELINES, type Pipeline, type PipelineName } from './pipelines.ts';

export interface Measurement {
  /** µs of CPU per span, of all threads. */
  readonly cpu: number;
  /** ms that the event loop was held, at worst. */
  readonly longest: number;
  /** ms, in 999 of 1,000 turns at most. */
  readonly p999: number;
}

const [name = 'ours', mode = 'full', address = '', count = '100000'] = process.argv.slice(2);
const spans = Number(count);
const pipeline: Pipeline = PIPELINES[name as PipelineName](address);
const produce = mode === 'full' ? atFullSpeed : paced;

await atFullSpeed(60_000); // enough for the compiler to have settled
await delivered();
const delay = monitorEventLoopDelay({ resolution: 1 });
const before = process.cpuUsage();
delay.enable();
await produce(spans);
await delivered();
delay.disable();
const { user, system } = process.cpuUsage(before);
const measurement: Measurement = {
  cpu: (user + system) / spans,
  longest: delay.max / 1e6,
  p999: delay.percentile(99.9) / 1e6,
};
console.log(JSON.stringify(measurement));
process.exit();

/** As fast as it goes, but never so fast that the queue overflows. */
async function atFullSpeed(total: number): Promise<void> {
  for (let made = 0; made < total; made += 200) {
    pipeline.spans(200);
    do await nextTurn();
    while (pipeline.pending() > 40_000);
  }
}

/** 20,000 spans a second, in portions of a few milliseconds. */
async function paced(total: number): Promise<void> {
  const start = performance.now();
  for (let made = 0; made < total; ) {
    const due = Math.min(total, Math.floor((performance.now() - start) * 20));
    if (due > made) pipeline.spans(due - made);
    made = due;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

async function delivered(): Promise<void> {
  await pipeline.flush();
  while (pipeline.pending() > 0) await nextTurn();
}
