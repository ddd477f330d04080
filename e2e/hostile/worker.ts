import { tracerProvider } from '../waterfalls/telemetry.ts';

const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
const hatchet = HatchetClient.init();
/** Returns its input and metadata. */
const mirror = hatchet.task({
  name: 'mirror',
  fn: async (input: Record<string, never>, ctx) => ({ input, metadata: ctx.additionalMetadata() }),
});
const worker = await hatchet.worker('mirror-worker', { workflows: [mirror], slots: 5, handleKill: false });
process.once('SIGTERM', async () => {
  await worker.stop();
  await tracerProvider.shutdown().catch(() => {}); // there is no collector here
  process.exit(0); // the SDK keeps its connections open
});
void worker.start();
await worker.waitUntilReady(30_000);
console.log(JSON.stringify({ msg: 'ready' }));
