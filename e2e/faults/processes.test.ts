import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { describe, expect, it } from 'vitest';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { suite } from '../harness/suite.ts';
import { closedBooks, distinctSpans, expectAllStored } from './books.ts';
import { durableCollector } from './durable-collector.ts';
import { API, ENGINE, Scene } from './scene.ts';

const { folder, use } = suite();

describe.concurrent('runs complete with their results, and the books are balanced, when', () => {
  it('the engine is killed: what it had sent is stored, and the next one goes on', async () => {
    const { scene, collector } = await start('engine-killed');
    await scene.load.during(
      async () => {
        await collector.traces.until('spans of the engine', (spans) => distinctSpans(spans, ENGINE) > 100);
        await scene.deployment.engine.kill();
        await scene.deployment.startEngineAgain();
        await scene.load.grownBy(20);
      },
      { mayFail: true },
    );
    await scene.load.completed();
    const books = await scene.end();
    await collector.stop();
    const spans = await collector.traces.spans();
    expectAllStored({ [API]: books[API]! }, spans);
    // the second engine has lost nothing; what the first held when it was killed is gone
    const { created, exported, dropped } = books[ENGINE]!;
    expect({ exported, dropped }).toEqual({ exported: created, dropped: 0 });
    expect(distinctSpans(spans, ENGINE)).toBeGreaterThan(created);
  });

  it('a worker is killed in the middle of its tasks: another one has them', async () => {
    const { scene, collector } = await start('worker-killed');
    await scene.load.during(async () => {
      await scene.load.grownBy(20);
      await scene.worker.kill();
      const { deployment } = scene;
      const name = 'second-worker';
      use(
        await startEchoWorker({
          folder: join(folder, 'worker-killed'),
          deployment,
          exportsTo: collector.address,
          name,
        }),
      );
      await scene.load.grownBy(20);
    });
    await scene.load.completed();
    const books = await scene.end();
    await collector.stop();
    expectAllStored(books, await collector.traces.spans());
  });

  it('the database is restarted', async () => {
    const data = join(folder, 'postgres');
    await mkdir(data, { recursive: true });
    for (const each of [folder, data]) await chmod(each, 0o755); // PostgreSQL runs under another user than root
    const first = await startEmbeddedPostgres({ dataDir: join(data, 'data') });
    const port = Number(new URL(first.url).port);
    const { scene, collector } = await start('database-restarted', { databaseUrl: first.url });
    await scene.load.during(
      async () => {
        await scene.load.grownBy(20);
        await first.stop();
        const second = await startEmbeddedPostgres({ dataDir: join(data, 'data'), port });
        use({ stop: () => second.stop() });
        await scene.load.grownBy(20);
      },
      { mayFail: true },
    );
    await scene.load.completed();
    const books = await scene.end();
    await collector.stop();
    expectAllStored(books, await collector.traces.spans());
    await scene.stop(); // before its database
  });

  it('both services get SIGTERM under load: they send what they hold first', async () => {
    const { scene, collector } = await start('terminated');
    const { api, engine } = scene.deployment;
    await scene.load.during(
      async () => {
        await scene.load.grownBy(100);
        await api.stop();
        await engine.stop();
      },
      { perSecond: 50, mayEnd: true },
    );
    await scene.worker.stop();
    await collector.stop();
    expectAllStored({ [API]: closedBooks(api), [ENGINE]: closedBooks(engine) }, await collector.traces.spans());
  });
});

async function start(name: string, options: { databaseUrl?: string } = {}) {
  const collector = use(await durableCollector(join(folder, name, 'collector')));
  const scene = use(await Scene.start({ folder: join(folder, name), exportsTo: collector.address, ...options }));
  return { collector, scene };
}
