import { tracerProvider } from './telemetry.ts';

const { hatchet, WORKFLOWS } = await import('./workflows.ts');
const name = process.env.OTEL_SERVICE_NAME as keyof typeof WORKFLOWS;
const worker = await hatchet.worker(name, {
  workflows: WORKFLOWS[name],
  slots: 20,
  durableSlots: 20,
  handleKill: false,
});
process.once('SIGTERM', async () => {
  await worker.stop();
  await tracerProvider.shutdown();
  process.exit(0); // the SDK keeps its connections open
});
void worker.start();
await worker.waitUntilReady(30_000);
console.log(JSON.stringify({ msg: 'ready' }));
