import { join } from 'node:path';
import { TcpLink } from '@hatchet-ts/trace-testing';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { describe, it } from 'vitest';
import { suite } from '../harness/suite.ts';
import { startDurableCollector } from './durable-collector.ts';
import { expectAllStored } from './span-accounts.ts';
import { API, AVAILABLE, ENGINE, SystemUnderTest, UNAVAILABLE } from './system-under-test.ts';

const { folder, use } = suite();

describe.concurrent('runs complete with their results, and no span is lost, with a Collector that', () => {
  it('is down when the services start', async () => {
    const { collector, system } = await start('down', (it) => it.faults.kill());
    await system.load.during(async () => {
      await system.bothLog(UNAVAILABLE);
      await collector.faults.start();
      await system.bothLog(AVAILABLE);
    });
    await expectNothingLost({ collector, system });
  });

  it('is killed under load', async () => {
    const { collector, system } = await start('killed');
    await system.load.during(async () => {
      await collector.traces.until('spans of both services', hasBothServices);
      await collector.faults.kill();
      await system.bothLog(UNAVAILABLE);
      await collector.faults.start();
      await system.bothLog(AVAILABLE);
    });
    await expectNothingLost({ collector, system });
  });

  it('is restarted repeatedly', async () => {
    const { collector, system } = await start('restarted');
    await system.load.during(async () => {
      for (const times of [1, 2, 3]) {
        await collector.faults.terminate();
        await system.bothLog(UNAVAILABLE, times);
        await collector.faults.start();
        await system.bothLog(AVAILABLE, times);
      }
    });
    await expectNothingLost({ collector, system });
  });

  it('is paused, so that it accepts connections and hangs', async () => {
    const { collector, system } = await start('paused');
    await system.load.during(async () => {
      await collector.traces.until('spans of both services', hasBothServices);
      await collector.faults.pause();
      await system.bothLog(UNAVAILABLE);
      await collector.faults.resume();
      await system.bothLog(AVAILABLE);
    });
    await expectNothingLost({ collector, system });
  });

  it('has a latency of half a second in each direction', async () => {
    const collector = use(await startDurableCollector(join(folder, 'slow/collector')));
    const link = use(await TcpLink.start({ to: collector.address, delayMs: 500 }));
    const system = use(await SystemUnderTest.start({ folder: join(folder, 'slow'), exportsTo: link.address }));
    await system.load.during(async () => {
      await collector.traces.until('spans of both services', hasBothServices);
    });
    await expectNothingLost({ collector, system });
  });
});

type Collector = Awaited<ReturnType<typeof startDurableCollector>>;

async function start(name: string, before: (collector: Collector) => Promise<void> = async () => {}) {
  const collector = use(await startDurableCollector(join(folder, name, 'collector')));
  await before(collector);
  const system = use(await SystemUnderTest.start({ folder: join(folder, name), exportsTo: collector.address }));
  return { collector, system };
}

async function expectNothingLost({
  collector,
  system,
}: {
  collector: Collector;
  system: SystemUnderTest;
}): Promise<void> {
  await system.load.completed();
  const accounts = await system.end();
  await collector.stop();
  expectAllStored(accounts, await collector.traces.spans());
}

function hasBothServices(spans: readonly WaterfallSpan[]): boolean {
  return [API, ENGINE].every((service) => spans.some(({ serviceName }) => serviceName === service));
}
