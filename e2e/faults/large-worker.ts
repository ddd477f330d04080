// A process with large spans and many series, which it exports as a service (`SERVER_OTEL_*`) and as a worker to the
// engine (`HATCHET_CLIENT_*`). Prints what it created and what became of it, and ends by itself.
import { createHatchetSpanProcessor } from '@hatchet-ts/sdk-otel/exporter';
import { startServerTelemetry } from '@hatchet-ts/server-otel';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const MIB = 1024 * 1024;
const service = startServerTelemetry();
const toEngine = new NodeTracerProvider({
  spanProcessors: [createHatchetSpanProcessor({ scheduledDelayMillis: 60_000 })],
});
let ofWorker = 0;

const [tracer, worker] = [service.tracerProvider.getTracer('large'), toEngine.getTracer('large')];
for (let span = 0; span < 6000; span++) tracer.startSpan('ordinary').setAttribute('text', 'x'.repeat(1024)).end();
for (const size of [1.4 * MIB, 5 * MIB]) tracer.startSpan('large').setAttribute('text', 'x'.repeat(size)).end();

for (; ofWorker < 500; ofWorker++) worker.startSpan('ordinary').setAttribute('text', 'x'.repeat(10_240)).end();
const failed = worker.startSpan('failed');
failed.recordException({ name: 'Error', message: 'x'.repeat(1.4 * MIB) });
failed.end();
ofWorker++;

const meter = service.meterProvider.getMeter('large');
for (let name = 0; name < 8; name++) {
  const histogram = meter.createHistogram(`histogram.${name}`);
  for (let series = 0; series < 1999; series++) histogram.record(1, { series: `series-${name}-${series}.`.padEnd(99) });
}
await Promise.all([service.shutdown(), toEngine.shutdown()]);
console.log(JSON.stringify({ msg: 'ended', ofWorker, ...service.status() }));
