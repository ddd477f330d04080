// must be the first import, because it patches the SDK as it loads
import '@hatchet-ts/sdk-otel/register';
import { HatchetClient } from '@hatchet-dev/typescript-sdk';

/* TypeScript worker with tasks that Python calls, and tasks that call Python. */

const hatchet = HatchetClient.init();

const add = hatchet.task({ name: 'ts-add', fn: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }) });

const checkout = hatchet.task({
  name: 'ts-checkout',
  executionTimeout: '60s',
  fn: async ({ items }: { items: number }) => {
    const shipped = await hatchet.run<{ items: number }, { ship: { foreign: number } }>('py-order', { items });
    return { foreign: shipped.ship.foreign };
  },
});

const failing = hatchet.task({
  name: 'ts-sees-failure',
  fn: async () => {
    const error: unknown = await hatchet.run('py-fail', {}).catch((caught: unknown) => caught);
    return { error: String(error) };
  },
});

const worker = await hatchet.worker('ts-worker', { slots: 10, workflows: [add, checkout, failing] });
void worker.start();
await worker.waitUntilReady(30_000);
process.stdout.write('{"msg":"ready"}\n');
