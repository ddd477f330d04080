/* `node speed.ts [rounds]`: what the engine does, untraced and traced side by side, in interleaved rounds. */
import { setTimeout as delay } from 'node:timers/promises';
import { startSink } from '../sinks.ts';
import { median, table } from '../table.ts';
import { cpuSeconds } from './cpu.ts';
import { type Installation, startInstallation } from './installation.ts';
import { startCrew } from './load.ts';

const rounds = Number(process.argv[2] ?? 3);
const RUNS = 2000;
/** What an engine still does for runs that have started belongs to them. */
const SETTLE_MS = 2000;
const IDLE_MS = 5000;

const sink = await startSink();
const variants = [
  { name: 'untraced', installation: await startInstallation() },
  { name: 'traced', installation: await startInstallation(sink.address) },
];

const throughput: string[][] = [];
for (const slots of [1, 10, 50]) {
  const crews = [];
  for (const { name, installation } of variants)
    crews.push({ name, installation, crew: await startCrew(installation, slots), measured: [] as Measured[] });
  for (let round = 0; round < rounds; round++)
    for (const { installation, crew, measured } of crews) {
      const before = cpuOf(installation);
      const perSecond = await crew.burst(slots === 1 ? RUNS / 4 : RUNS);
      await delay(SETTLE_MS);
      const after = cpuOf(installation);
      const latencies = (await crew.paced(150, 20)).toSorted((a, b) => a - b);
      const runs = slots === 1 ? RUNS / 4 : RUNS;
      measured.push({
        perSecond,
        engine: ((after.engine - before.engine) / runs) * 1e6,
        postgres: ((after.postgres - before.postgres) / runs) * 1e6,
        p50: latencies[Math.floor(latencies.length * 0.5)]!,
        p99: latencies[Math.floor(latencies.length * 0.99)]!,
      });
    }
  for (const { name, crew, measured } of crews) {
    const of = (figure: keyof Measured) => median(measured.map((one) => one[figure]));
    throughput.push([
      `${slots} slots, ${name}`,
      of('perSecond').toFixed(0),
      of('engine').toFixed(0),
      of('postgres').toFixed(0),
      of('p50').toFixed(1),
      of('p99').toFixed(1),
    ]);
    await crew.stop();
  }
}
console.log(`\n${rounds} rounds of ${RUNS} runs (500 with one slot); fsync on\n`);
console.log(table(['', 'runs/s', 'engine, µs CPU/run', 'PostgreSQL', 'call to start, ms: p50', 'p99'], throughput));

const traced = variants[1]!;
const crew = await startCrew(traced.installation, 50);
await delay(7000); // what was made before is sent by then
const spans = async () => (await sink.ask('count')).spans;
const before = await spans();
await crew.burst(1000);
await delay(7000);
const perTask = ((await spans()) - before) / 1000;
await crew.stop();
await delay(7000);
const still = await spans();
const idle = cpuOf(traced.installation);
await delay(IDLE_MS);
const idled = cpuOf(traced.installation);
await delay(7000);
console.log(
  `\nspans per run ${perTask.toFixed(1)}; per second without a worker ${(((await spans()) - still) / 12).toFixed(1)}`,
);
console.log(
  `idle: ${(((idled.engine - idle.engine) / IDLE_MS) * 1e5).toFixed(1)} % of a core, PostgreSQL ${(((idled.postgres - idle.postgres) / IDLE_MS) * 1e5).toFixed(1)} %`,
);

for (const { installation } of variants) await installation.stop();
sink.close();

interface Measured {
  perSecond: number;
  engine: number;
  postgres: number;
  p50: number;
  p99: number;
}

function cpuOf({ enginePid, postgresPid }: Installation): { engine: number; postgres: number } {
  return { engine: cpuSeconds(enginePid), postgres: cpuSeconds(postgresPid) };
}
