import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { describe, expect, it } from 'vitest';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { suite } from '../harness/suite.ts';
import { startDurableCollector } from './durable-collector.ts';
import { distinctSpans, expectAllStored, finalAccount } from './span-accounts.ts';
import { API, ENGINE, SystemUnderTest } from './system-under-test.ts';

const { folder, use } = suite();

describe.concurrent('runs complete with their results, and every span is accounted for, when', () => {
  it('the engine is killed: the spans that it had exported are stored, and a new engine continues', async () => {
    const { system, collector } = await start('engine-killed');
    await system.load.during(
      async () => {
        await collector.traces.until('spans of the engine', (spans) => distinctSpans(spans, ENGINE) > 100);
        await system.deployment.engine.kill();
        await system.deployment.startEngineAgain();
        await system.load.grownBy(20);
      },
      { mayFail: true },
    );
    await system.load.completed();
    const accounts = await system.end();
    await collector.stop();
    const spans = await collector.traces.spans();
    expectAllStored({ [API]: accounts[API]! }, spans);
    // the second engine lost nothing; the first lost the spans in its queue
    const { created, exported, dropped } = accounts[ENGINE]!;
    expect({ exported, dropped }).toEqual({ exported: created, dropped: 0 });
    expect(distinctSpans(spans, ENGINE)).toBeGreaterThan(created);
  });

  it('a worker is killed while it runs tasks: another worker gets them', async () => {
    const { system, collector } = await start('worker-killed');
    await system.load.during(async () => {
      await system.load.grownBy(20);
      await system.worker.kill();
      const { deployment } = system;
      const name = 'second-worker';
      use(
        await startEchoWorker({
          folder: join(folder, 'worker-killed'),
          deployment,
          exportsTo: collector.address,
          name,
        }),
      );
      await system.load.grownBy(20);
    });
    await system.load.completed();
    const accounts = await system.end();
    await collector.stop();
    expectAllStored(accounts, await collector.traces.spans());
  });

  it('the database is restarted', async () => {
    const data = join(folder, 'postgres');
    await mkdir(data, { recursive: true });
    for (const each of [folder, data]) await chmod(each, 0o755); // PostgreSQL runs under another user than root
    const first = await startEmbeddedPostgres({ dataDir: join(data, 'data') });
    const port = Number(new URL(first.url).port);
    const { system, collector } = await start('database-restarted', { databaseUrl: first.url });
    await system.load.during(
      async () => {
        await system.load.grownBy(20);
        await first.stop();
        const second = await startEmbeddedPostgres({ dataDir: join(data, 'data'), port });
        use({ stop: () => second.stop() });
        await system.load.grownBy(20);
      },
      { mayFail: true },
    );
    await system.load.completed();
    const accounts = await system.end();
    await collector.stop();
    expectAllStored(accounts, await collector.traces.spans());
    await system.stop(); // before its database
  });

  it('both services get SIGTERM under load: they export the spans in their queues before they end', async () => {
    const { system, collector } = await start('terminated');
    const { api, engine } = system.deployment;
    await system.load.during(
      async () => {
        await system.load.grownBy(100);
        await api.stop();
        await engine.stop();
      },
      { perSecond: 50, mayEnd: true },
    );
    await system.worker.stop();
    await collector.stop();
    expectAllStored({ [API]: finalAccount(api), [ENGINE]: finalAccount(engine) }, await collector.traces.spans());
  });
});

async function start(name: string, options: { databaseUrl?: string } = {}) {
  const collector = use(await startDurableCollector(join(folder, name, 'collector')));
  const system = use(
    await SystemUnderTest.start({ folder: join(folder, name), exportsTo: collector.address, ...options }),
  );
  return { collector, system };
}
