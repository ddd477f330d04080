// A worker as a user writes it. The first line is all its telemetry, configured by OTEL_*.
import '@hatchet-ts/sdk-otel/register';
import { hatchet, workflows } from './workflows.ts';

const worker = await hatchet.worker('order-worker', { workflows, slots: 10 });
void worker.start();
await worker.waitUntilReady();
console.log(JSON.stringify({ msg: 'ready', name: 'order-worker' }));
