// Creates a client, makes one request of its own, and runs a worker until it has sent a heartbeat.
import { HatchetClient } from '@hatchet-dev/typescript-sdk';

const sent = Promise.withResolvers<void>();
const nothing = async () => undefined;
const logger = () => ({
  debug: async (message: string) => void (message.startsWith('Heartbeat sent') && sent.resolve()),
  info: nothing,
  warn: nothing,
  error: nothing,
  util: nothing,
  green: nothing,
});
const hatchet = new HatchetClient({ logger, log_level: 'DEBUG' });
await hatchet.tenant.get();
const task = hatchet.task({ name: 'work', fn: () => ({}) });
const worker = await hatchet.worker('own-calls', { workflows: [task], handleKill: false });
void worker.start();
await sent.promise;
await worker.stop();
process.exit(0);
