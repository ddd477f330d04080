// A user's process that exports to the engine, as fast as it creates spans. Configured by `HATCHET_CLIENT_*`; prints the
// number of its spans when SIGTERM has ended it.
import { createHatchetSpanProcessor } from '@hatchet-ts/sdk-otel/exporter';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const processor = createHatchetSpanProcessor({ scheduledDelayMillis: 200 });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
const tracer = provider.getTracer('steady');
let created = 0;
const timer = setInterval(() => {
  tracer.startSpan('steady').end();
  created++;
}, 20);
process.once('SIGTERM', async () => {
  clearInterval(timer);
  await provider.shutdown();
  console.log(JSON.stringify({ msg: 'ended', created }));
});
console.log(JSON.stringify({ msg: 'ready' }));
