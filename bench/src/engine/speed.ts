/* `node speed.ts [rounds]`: throughput, CPU time and latency of an untraced and a traced engine, in interleaved rounds. */
import { setTimeout as delay } from 'node:timers/promises';
import { Collector } from '../collector/collector.ts';
import { median, table } from '../table.ts';
import { ClientAndWorker } from './client-and-worker.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { type Installation, startInstallation } from './installation.ts';

const rounds = Number(process.argv[2] ?? 3);
const RUNS = 2000;
/** The engine's remaining work for started runs counts as part of these runs. */
const SETTLE_MS = 2000;
const IDLE_MS = 5000;

const collector = await Collector.start();
const variants = [
  { name: 'untraced', installation: await startInstallation() },
  { name: 'traced', installation: await startInstallation(collector.address) },
];

const throughput: string[][] = [];
for (const slots of [1, 10, 50]) {
  const pairs = [];
  for (const { name, installation } of variants) {
    const pair = await ClientAndWorker.start(installation, slots);
    pairs.push({ name, installation, pair, measurements: [] as Measurement[] });
  }
  const runs = slots === 1 ? RUNS / 4 : RUNS;
  for (let round = 0; round < rounds; round++)
    for (const { installation, pair, measurements } of pairs) {
      const before = cpuOf(installation);
      const perSecond = await pair.runBurst(runs);
      await delay(SETTLE_MS);
      const after = cpuOf(installation);
      const latencies = (await pair.runPaced(150, 20)).toSorted((a, b) => a - b);
      measurements.push({
        perSecond,
        engine: ((after.engine - before.engine) / runs) * 1e6,
        postgres: ((after.postgres - before.postgres) / runs) * 1e6,
        p50: latencies[Math.floor(latencies.length * 0.5)]!,
        p99: latencies[Math.floor(latencies.length * 0.99)]!,
      });
    }
  for (const { name, pair, measurements } of pairs) {
    const medianOf = (figure: keyof Measurement) => median(measurements.map((one) => one[figure]));
    throughput.push([
      `${slots} slots, ${name}`,
      medianOf('perSecond').toFixed(0),
      medianOf('engine').toFixed(0),
      medianOf('postgres').toFixed(0),
      medianOf('p50').toFixed(1),
      medianOf('p99').toFixed(1),
    ]);
    await pair.stop();
  }
}
console.log(`\n${rounds} rounds of ${RUNS} runs (500 with one slot); fsync on\n`);
console.log(table(['', 'runs/s', 'engine, µs CPU/run', 'PostgreSQL', 'call to start, ms: p50', 'p99'], throughput));

const traced = variants[1]!;
const pair = await ClientAndWorker.start(traced.installation, 50);
await delay(7000); // until all earlier spans are exported
const spansBefore = await collector.countSpans();
await pair.runBurst(1000);
await delay(7000);
const spansPerRun = ((await collector.countSpans()) - spansBefore) / 1000;
await pair.stop();
await delay(7000);
const idleSpansBefore = await collector.countSpans();
const cpuBefore = cpuOf(traced.installation);
await delay(IDLE_MS);
const cpuAfter = cpuOf(traced.installation);
await delay(7000);
const idleSpansPerSecond = ((await collector.countSpans()) - idleSpansBefore) / 12;
const idlePercent = (name: 'engine' | 'postgres') => (((cpuAfter[name] - cpuBefore[name]) / IDLE_MS) * 1e5).toFixed(1);
console.log(
  `\nspans per run: ${spansPerRun.toFixed(1)}; per second without a worker: ${idleSpansPerSecond.toFixed(1)}`,
);
console.log(`idle: engine ${idlePercent('engine')} % of a core, PostgreSQL ${idlePercent('postgres')} %`);

for (const { installation } of variants) await installation.stop();
await collector.stop();

interface Measurement {
  perSecond: number;
  engine: number;
  postgres: number;
  p50: number;
  p99: number;
}

function cpuOf({ enginePid, postgresPid }: Installation): { engine: number; postgres: number } {
  return { engine: cpuSeconds(enginePid), postgres: cpuSeconds(postgresPid) };
}
