/* `node outage.ts [seconds]`: 20,480 spans end while the collector is away; what the process holds, what is lost. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OutageReport } from './outage-producer.ts';
import { type Sink, startSink } from './sinks.ts';
import { table } from './table.ts';

const seconds = Number(process.argv[2] ?? 60);
const rows = await Promise.all((['stock', 'ours'] as const).map(outage));
console.log(`\nan outage of ${seconds} s\n`);
console.log(table(['', 'created', 'delivered', 'lost', 'MiB before', 'at its end', 'afterwards'], rows));

async function outage(name: 'stock' | 'ours'): Promise<string[]> {
  const sink: Sink = await startSink();
  const program = fileURLToPath(new URL('./outage-producer.ts', import.meta.url));
  const child = fork(program, [name, sink.address, String(seconds)], { execArgv: ['--expose-gc'] });
  const says = async () => ((await once(child, 'message')) as [OutageReport])[0];
  const before = await says();
  await sink.ask('stop');
  child.send('away');
  const end = await says();
  await sink.ask('listen');
  child.send('back');
  const after = await says();
  await sleep(100);
  const { spans } = await sink.ask('count');
  sink.close();
  const mib = ({ rss }: OutageReport) => (rss / 2 ** 20).toFixed(0);
  return [name, String(after.created), String(spans), String(after.created - spans), mib(before), mib(end), mib(after)];
}
