/* `node speed.ts <full|paced> [rounds]`: what a span costs the process that exports it, in interleaved rounds. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PIPELINES, type PipelineName } from './pipelines.ts';
import type { Measurement } from './producer.ts';
import { startSink } from './sinks.ts';
import { median, table } from './table.ts';

const [mode = 'full', rounds = mode === 'full' ? '7' : '5'] = process.argv.slice(2);
const spans = mode === 'full' ? 200_000 : 100_000;
/** The spans of the warm-up come as well. */
const expected = spans + 60_000;
const names = Object.keys(PIPELINES) as PipelineName[];
const measured = Object.fromEntries(names.map((name) => [name, [] as Measurement[]])) as Record<
  PipelineName,
  Measurement[]
>;
const lost = Object.fromEntries(names.map((name) => [name, 0])) as Record<PipelineName, number>;

const sink = await startSink();
for (let round = 0; round < Number(rounds); round++) {
  for (const name of names) {
    await sink.ask('forget');
    const producer = fileURLToPath(new URL('./producer.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [producer, name, mode, sink.address, String(spans)]);
    measured[name].push(JSON.parse(stdout) as Measurement);
    if (name === 'stock' || name === 'ours') lost[name] += expected - (await sink.ask('count')).spans;
  }
}
sink.close();

const of = (name: PipelineName, figure: keyof Measurement) => measured[name].map((one) => one[figure]);
const stock = median(of('stock', 'cpu'));
console.log(`\n${mode === 'full' ? 'at full speed' : '20,000 spans/s'}, ${rounds} rounds of ${spans} spans\n`);
console.log(
  table(
    ['', 'µs CPU/span', 'of stock', 'longest delay, ms: median', 'worst', 'p99.9', 'lost'],
    names.map((name) => [
      name,
      median(of(name, 'cpu')).toFixed(2),
      (median(of(name, 'cpu')) / stock).toFixed(2),
      median(of(name, 'longest')).toFixed(1),
      Math.max(...of(name, 'longest')).toFixed(1),
      median(of(name, 'p999')).toFixed(1),
      String(lost[name]),
    ]),
  ),
);
