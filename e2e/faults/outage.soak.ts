import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { suite } from '../harness/suite.ts';
import { startDurableCollector } from './durable-collector.ts';
import { expectAllStored } from './span-accounts.ts';
import { API, AVAILABLE, ENGINE, SystemUnderTest, UNAVAILABLE } from './system-under-test.ts';

const { folder, use } = suite();

/** A run has about 26 spans. */
const RUNS_PER_SECOND = 40;
const OUTAGE_SECONDS = 60;

it('a Collector that is down for 60 s at 1,000 spans per second receives all of them afterwards', async () => {
  const collector = use(await startDurableCollector(join(folder, 'collector')));
  const env = { SERVER_OTEL_QUEUE_SIZE: '100000' };
  const system = use(await SystemUnderTest.start({ folder, exportsTo: collector.address, env }));
  const startedAt = performance.now();
  await system.load.during(
    async () => {
      await collector.faults.kill();
      await system.bothLog(UNAVAILABLE);
      await setTimeout(OUTAGE_SECONDS * 1000); // the outage itself
      await collector.faults.start();
      await system.bothLog(AVAILABLE);
    },
    { perSecond: RUNS_PER_SECOND },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await system.load.completed();
  const accounts = await system.end();
  await collector.stop();
  expectAllStored(accounts, await collector.traces.spans());
  const created = accounts[API]!.created + accounts[ENGINE]!.created;
  console.log(`${created} spans in ${seconds.toFixed(0)} s, all of them stored`);
  expect(created / seconds).toBeGreaterThan(500);
});
