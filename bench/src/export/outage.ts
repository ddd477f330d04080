/* `node outage.ts [seconds]`: 20,480 spans end while the collector is down. Prints memory use and lost spans. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildProgram } from '../child-program.ts';
import { Collector } from '../collector/collector.ts';
import { table } from '../table.ts';
import type { OutageReport } from './outage-process.ts';

const seconds = Number(process.argv[2] ?? 60);
const rows = await Promise.all((['stock', 'ours'] as const).map(runOutage));
console.log(`\nan outage of ${seconds} s\n`);
console.log(table(['', 'created', 'delivered', 'lost', 'MiB before', 'at the end', 'afterwards'], rows));

async function runOutage(name: 'stock' | 'ours'): Promise<string[]> {
  const collector = await Collector.start();
  const child = new ChildProgram(
    new URL('./outage-process.ts', import.meta.url),
    [name, collector.address, String(seconds)],
    { execArgv: ['--expose-gc'] },
  );
  const before = await child.receive<OutageReport>();
  await collector.request('stop');
  const end = await child.request<OutageReport>('down');
  await collector.request('listen');
  const after = await child.request<OutageReport>('up');
  await child.stop();
  await sleep(100);
  const spans = await collector.countSpans();
  await collector.stop();
  const mib = ({ rss }: OutageReport) => (rss / 2 ** 20).toFixed(0);
  return [name, String(after.created), String(spans), String(after.created - spans), mib(before), mib(end), mib(after)];
}
