/* Collector process: receives spans and counts the distinct ones on request. */
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import type { CollectorAnswer, CollectorRequest } from './collector.ts';

let receiver = await OtlpReceiver.start({ signals: ['trace'] });

process.on('message', async (request: CollectorRequest) => {
  if (request === 'stop') receiver.stop();
  else if (request === 'listen') await receiver.restart();
  else if (request === 'reset') await reset();
  // Spans are decoded only here, so that decoding takes no time from a measurement.
  const spans = request === 'count' ? receiver.distinctSpans : 0;
  process.send?.({ port: receiver.port, spans } satisfies CollectorAnswer);
});
process.once('disconnect', () => process.exit());

async function reset(): Promise<void> {
  receiver.stop();
  receiver = await OtlpReceiver.start({ signals: ['trace'], port: receiver.port });
}
