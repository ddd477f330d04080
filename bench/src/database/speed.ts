/*
 * `node speed.ts [rounds]`: the CPU time that a query costs with each source of database spans. All processes live at the
 * same time and query in turns of 200 ms, so that the load of the machine affects all alike.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { ChildProgram } from '../child-program.ts';
import { median, table } from '../table.ts';
import { SOURCES, type SourceName } from './sources.ts';
import type { Measurement } from './speed-process.ts';

const [rounds = '40'] = process.argv.slice(2);
const names = Object.keys(SOURCES) as SourceName[];
const parents = ['recorded', 'dropped'];
const measurements = new Map<string, Measurement[]>();

const dataDir = await mkdtemp(path.join(tmpdir(), 'hatchet-bench-database-'));
const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
const children = new Map<string, ChildProgram>();
for (const key of parents.flatMap((parent) => names.map((name) => `${name} ${parent}`))) {
  const child = new ChildProgram(new URL('./speed-process.ts', import.meta.url), [...key.split(' '), server.url]);
  await child.receive();
  children.set(key, child);
  measurements.set(key, []);
}
for (let round = 0; round < Number(rounds); round++) {
  for (const [key, child] of children) measurements.get(key)!.push(await child.request<Measurement>('query'));
}
for (const child of children.values()) await child.stop();
await server.stop();
await rm(dataDir, { recursive: true, force: true });

console.log(`\nCPU time per query, ${rounds} rounds of 0.2 s\n`);
console.log(
  table(
    ['', 'µs CPU/query', '− untraced', 'spans/query'],
    parents.flatMap((parent) => {
      const cpu = (name: SourceName) => median(measurements.get(`${name} ${parent}`)!.map((one) => one.cpu));
      return names.map((name) => [
        `${name}, ${parent} parent`,
        cpu(name).toFixed(1),
        (cpu(name) - cpu('untraced')).toFixed(1),
        median(measurements.get(`${name} ${parent}`)!.map((one) => one.spans)).toFixed(2),
      ]);
    }),
  ),
);
