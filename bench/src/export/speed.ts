/* `node speed.ts <full|paced> [rounds]`: the CPU time that a span costs the exporting process, in interleaved rounds. */
import { ChildProgram } from '../child-program.ts';
import { Collector } from '../collector/collector.ts';
import { median, table } from '../table.ts';
import { PIPELINES, type PipelineName } from './pipelines.ts';
import type { Measurement } from './speed-process.ts';

const [mode = 'full', rounds = mode === 'full' ? '7' : '5'] = process.argv.slice(2);
const spans = mode === 'full' ? 200_000 : 100_000;
const names = Object.keys(PIPELINES) as PipelineName[];
const measurements = new Map(names.map((name) => [name, [] as Measurement[]]));
const lost = new Map(names.map((name) => [name, 0]));

const collector = await Collector.start();
for (let round = 0; round < Number(rounds); round++) {
  for (const name of names) {
    await collector.request('reset');
    const program = new URL('./speed-process.ts', import.meta.url);
    const child = new ChildProgram(program, [name, mode, collector.address, String(spans)]);
    const measurement = await child.receive<Measurement>();
    await child.stop();
    measurements.get(name)!.push(measurement);
    const isDelivered = name === 'stock' || name === 'ours';
    if (isDelivered) lost.set(name, lost.get(name)! + measurement.created - (await collector.countSpans()));
  }
}
await collector.stop();

const values = (name: PipelineName, figure: keyof Measurement) => measurements.get(name)!.map((one) => one[figure]);
const stock = median(values('stock', 'cpu'));
console.log(`\n${mode === 'full' ? 'at full speed' : '20,000 spans/s'}, ${rounds} rounds of ${spans} spans\n`);
console.log(
  table(
    ['', 'µs CPU/span', 'of stock', 'longest delay, ms: median', 'worst', 'p99.9', 'lost'],
    names.map((name) => [
      name,
      median(values(name, 'cpu')).toFixed(2),
      (median(values(name, 'cpu')) / stock).toFixed(2),
      median(values(name, 'longest')).toFixed(1),
      Math.max(...values(name, 'longest')).toFixed(1),
      median(values(name, 'p999')).toFixed(1),
      String(lost.get(name)),
    ]),
  ),
);
