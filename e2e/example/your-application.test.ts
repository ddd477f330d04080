import { join } from 'node:path';
import { missingParents, renderWaterfall } from '@hatchet-ts/waterfall';
import { expect, it } from 'vitest';
import { Collector } from '../harness/collector.ts';
import { Deployment } from '../harness/deployment.ts';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { endedRuns, traceIdOf, trigger } from '../harness/rest.ts';
import { suite } from '../harness/suite.ts';

const { folder, use } = suite();

it('a run of our application is one complete trace', async () => {
  // a real Collector; the test reads the file that it writes
  const collector = use(await Collector.start({ folder: join(folder, 'collector') }));
  // an engine and an API; you can use your own Hatchet instead
  const deployment = use(await Deployment.start({ folder }));
  // your worker as a process of its own, as in production, exporting to that Collector
  const worker = use(await startEchoWorker({ folder, deployment, exportsTo: collector.address }));

  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const run = await trigger(deployment, { workflowName: 'echo', input: { text: 'hello' }, headers: { traceparent } });
  const traceId = await traceIdOf(deployment, run);
  await endedRuns(deployment, traceId);
  // each process exports its queue when it stops; the Collector stops last
  await worker.stop();
  await collector.stop();

  const spans = (await collector.traces.spans()).filter((span) => span.traceId === traceId);
  expect(missingParents(spans).map(({ spanId }) => spanId)).toEqual(['b7ad6b7169203331']); // the caller's
  expect(renderWaterfall(spans, { order: 'canonical', mask: true, full: true })).toMatchInlineSnapshot(`
    "(missing parent)
    └─ hatchet.start_step_run echo · echo-worker · CONSUMER · completed
          ↗ link to a span that is not here"
  `);
});
