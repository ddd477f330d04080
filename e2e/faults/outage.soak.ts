import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { suite } from '../harness/suite.ts';
import { expectAllStored } from './books.ts';
import { durableCollector } from './durable-collector.ts';
import { API, BACK, ENGINE, LOST, Scene } from './scene.ts';

const { folder, use } = suite();

/** About sixteen spans a run. */
const RUNS_PER_SECOND = 65;
const OUTAGE_SECONDS = 60;

it('a Collector that is away for 60 s at 1,000 spans a second gets them all when it is back', async () => {
  const collector = use(await durableCollector(join(folder, 'collector')));
  const env = { SERVER_OTEL_QUEUE_SIZE: '100000' };
  const scene = use(await Scene.start({ folder, exportsTo: collector.address, env }));
  const startedAt = performance.now();
  await scene.load.during(
    async () => {
      await collector.faults.kill();
      await scene.bothSay(LOST);
      await setTimeout(OUTAGE_SECONDS * 1000); // the outage itself
      await collector.faults.start();
      await scene.bothSay(BACK);
    },
    { perSecond: RUNS_PER_SECOND },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await scene.load.completed();
  const books = await scene.end();
  await collector.stop();
  expectAllStored(books, await collector.traces.spans());
  const created = books[API]!.created + books[ENGINE]!.created;
  console.log(`${created} spans in ${seconds.toFixed(0)} s, all of them stored`);
  expect(created / seconds).toBeGreaterThan(500);
});
