import { join } from 'node:path';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { describe, it } from 'vitest';
import { SlowLink } from '../harness/slow-link.ts';
import { suite } from '../harness/suite.ts';
import { expectAllStored } from './books.ts';
import { durableCollector } from './durable-collector.ts';
import { API, BACK, ENGINE, LOST, Scene } from './scene.ts';

const { folder, use } = suite();

describe.concurrent('runs complete with their results, and no span is lost, with a Collector that', () => {
  it('is down when the services start', async () => {
    const { collector, scene } = await start('down', (it) => it.faults.kill());
    await scene.load.during(async () => {
      await scene.bothSay(LOST);
      await collector.faults.start();
      await scene.bothSay(BACK);
    });
    await expectNothingLost({ collector, scene });
  });

  it('is killed in the middle', async () => {
    const { collector, scene } = await start('killed');
    await scene.load.during(async () => {
      await collector.traces.until('spans of both services', ofBoth);
      await collector.faults.kill();
      await scene.bothSay(LOST);
      await collector.faults.start();
      await scene.bothSay(BACK);
    });
    await expectNothingLost({ collector, scene });
  });

  it('is restarted repeatedly', async () => {
    const { collector, scene } = await start('restarted');
    await scene.load.during(async () => {
      for (const time of [1, 2, 3]) {
        await collector.faults.terminate();
        await scene.bothSay(LOST, time);
        await collector.faults.start();
        await scene.bothSay(BACK, time);
      }
    });
    await expectNothingLost({ collector, scene });
  });

  it('is paused, so that it takes connections and hangs', async () => {
    const { collector, scene } = await start('paused');
    await scene.load.during(async () => {
      await collector.traces.until('spans of both services', ofBoth);
      await collector.faults.pause();
      await scene.bothSay(LOST);
      await collector.faults.resume();
      await scene.bothSay(BACK);
    });
    await expectNothingLost({ collector, scene });
  });

  it('is far away: half a second there and half a second back', async () => {
    const collector = use(await durableCollector(join(folder, 'slow/collector')));
    const link = use(await SlowLink.start({ to: collector.address, delayMs: 500 }));
    const scene = use(await Scene.start({ folder: join(folder, 'slow'), exportsTo: link.address }));
    await scene.load.during(async () => {
      await collector.traces.until('spans of both services', ofBoth);
    });
    await expectNothingLost({ collector, scene });
  });
});

type Collector = Awaited<ReturnType<typeof durableCollector>>;

async function start(name: string, before: (collector: Collector) => Promise<void> = async () => {}) {
  const collector = use(await durableCollector(join(folder, name, 'collector')));
  await before(collector);
  const scene = use(await Scene.start({ folder: join(folder, name), exportsTo: collector.address }));
  return { collector, scene };
}

async function expectNothingLost({ collector, scene }: { collector: Collector; scene: Scene }): Promise<void> {
  await scene.load.completed();
  const books = await scene.end();
  await collector.stop();
  expectAllStored(books, await collector.traces.spans());
}

function ofBoth(spans: readonly WaterfallSpan[]): boolean {
  return [API, ENGINE].every((service) => spans.some(({ serviceName }) => serviceName === service));
}
