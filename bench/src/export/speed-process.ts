/*
 * `node speed-process.ts <pipeline> <full|paced> <address> <spans>`: one measurement in a fresh process. Reports the CPU
 * time of this process from the first span to the last response, and the delays of the event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PIPELINES, type Pipeline, type PipelineName } from './pipelines.ts';

process.once('disconnect', () => process.exit());

export interface Measurement {
  /** CPU time of all threads per span, in µs. */
  readonly cpu: number;
  /** Longest delay of the event loop, in ms. */
  readonly longest: number;
  /** 99.9th percentile of the event loop delay, in ms. */
  readonly p999: number;
  /** Spans that have ended, including the warm-up. */
  readonly created: number;
}

/** Enough spans for the compiler to settle. */
const WARM_UP_SPANS = 60_000;
const [name = 'ours', mode = 'full', address = '', count = '100000'] = process.argv.slice(2);
const spans = Number(count);
const pipeline: Pipeline = PIPELINES[name as PipelineName](address);
const produce = mode === 'full' ? produceAtFullSpeed : producePaced;

await produceAtFullSpeed(WARM_UP_SPANS);
await flush();
const delay = monitorEventLoopDelay({ resolution: 1 });
const before = process.cpuUsage();
delay.enable();
await produce(spans);
await flush();
delay.disable();
const { user, system } = process.cpuUsage(before);
process.send?.({
  cpu: (user + system) / spans,
  longest: delay.max / 1e6,
  p999: delay.percentile(99.9) / 1e6,
  created: WARM_UP_SPANS + spans,
} satisfies Measurement);

/** Ends spans as fast as possible without filling the queue. */
async function produceAtFullSpeed(total: number): Promise<void> {
  for (let made = 0; made < total; made += 200) {
    pipeline.endSpans(200);
    do await nextTurn();
    while (pipeline.pending() > 40_000);
  }
}

/** Ends 20,000 spans a second, in portions of a few milliseconds. */
async function producePaced(total: number): Promise<void> {
  const start = performance.now();
  for (let made = 0; made < total; ) {
    const due = Math.min(total, Math.floor((performance.now() - start) * 20));
    if (due > made) pipeline.endSpans(due - made);
    made = due;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

async function flush(): Promise<void> {
  await pipeline.flush();
  while (pipeline.pending() > 0) await nextTurn();
}
