/* `node growth.ts [rounds]`: throughput and CPU time with 1,000, 10,000 and 100,000 finished runs in the tables. */
import type { Database } from '@hatchet-ts/storage';
import { median, table } from '../table.ts';
import { ClientAndWorker } from './client-and-worker.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { startInstallation } from './installation.ts';

const rounds = Number(process.argv[2] ?? 5);
const RUNS = 1000;
const SLOTS = 50;

const installation = await startInstallation();
const { database, enginePid, postgresPid } = installation;
const pair = await ClientAndWorker.start(installation, SLOTS);
const rows: string[][] = [];
for (const finished of [1_000, 10_000, 100_000]) {
  await fillTables(database, finished);
  const perSecond: number[] = [];
  const engine: number[] = [];
  const postgres: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = [cpuSeconds(enginePid), cpuSeconds(postgresPid)] as const;
    perSecond.push(await pair.runBurst(RUNS));
    engine.push(((cpuSeconds(enginePid) - before[0]) / RUNS) * 1e6);
    postgres.push(((cpuSeconds(postgresPid) - before[1]) / RUNS) * 1e6);
  }
  rows.push([
    finished.toLocaleString('en'),
    median(perSecond).toFixed(0),
    median(engine).toFixed(0),
    median(postgres).toFixed(0),
  ]);
}
console.log(`\n${rounds} rounds of ${RUNS} runs, ${SLOTS} slots\n`);
console.log(table(['finished runs in the tables', 'runs/s', 'engine, µs CPU/run', 'PostgreSQL'], rows));
await pair.stop();
await installation.stop();

/** Copies a finished run until there are `wanted` finished runs. Updates the planner's statistics, as autovacuum would. */
async function fillTables(db: Database, wanted: number): Promise<void> {
  const { rows: counted } = await db.query<{ finished: number }>(
    'SELECT count(*)::int AS finished FROM run WHERE finished_at IS NOT NULL',
  );
  const missing = wanted - counted[0]!.finished;
  if (missing > 0) {
    const columns = async (name: string) => {
      const { rows: found } = await db.query<{ column: string }>(
        `SELECT column_name AS column FROM information_schema.columns
         WHERE table_name = $1 AND table_schema = 'public' AND column_name NOT IN ('id', 'run_id') AND is_identity = 'NO'
           AND is_generated = 'NEVER'`,
        [name],
      );
      return found.map(({ column }) => `c.${column}`);
    };
    const copied = { run: await columns('run'), task: await columns('task') };
    const bare = (names: string[]) => names.map((name) => name.slice(2)).join(', ');
    await db.query(
      `WITH template AS (SELECT * FROM run WHERE finished_at IS NOT NULL LIMIT 1),
         ids AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)),
         runs AS (INSERT INTO run (id, ${bare(copied.run)})
           SELECT ids.id, ${copied.run.join(', ')} FROM ids, template c RETURNING id)
       INSERT INTO task (id, run_id, ${bare(copied.task)})
       SELECT runs.id, runs.id, ${copied.task.join(', ')} FROM runs, task c WHERE c.run_id = (SELECT id FROM template)`,
      [missing],
    );
  }
  await db.query('VACUUM ANALYZE');
}
