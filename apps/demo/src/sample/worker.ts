// A worker as a user writes it. Telemetry comes first, so that it is there when anything else is loaded.
import './telemetry.ts';
import { hatchet } from './hatchet.ts';
import { notify } from './notify.ts';
import { order } from './order.ts';
import { bookCourier, packItem } from './parcels.ts';
import { tracerProvider } from './telemetry.ts';

const worker = await hatchet.worker('order-worker', {
  workflows: [order, packItem, bookCourier, notify],
  slots: 10,
  handleKill: false, // the SDK's own handler ends the process before the last spans have left it
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await worker.stop();
    await tracerProvider.shutdown().catch(console.error); // rejects when the last spans cannot be delivered
    process.exit(0); // the SDK keeps its connections open
  });
}

void worker.start();
await worker.waitUntilReady();
console.log(JSON.stringify({ msg: 'ready', name: 'order-worker' }));
