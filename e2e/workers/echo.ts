// Worker of a user: the official SDK, instrumented, with a minimal task. Configured by `OTEL_EXPORTER_OTLP_ENDPOINT` and
// `OTEL_SERVICE_NAME`.
import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 10_000 })],
});
provider.register();
new HatchetInstrumentor({ tracerProvider: provider }).instrument();

const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
const hatchet = HatchetClient.init();
const echo = hatchet.task({ name: 'echo', fn: (input: { text?: string }) => ({ text: input.text ?? '' }) });
// few slots: the engine writes concurrent reports in groups, each in a trace of its own
const worker = await hatchet.worker('echo-worker', { workflows: [echo], slots: 3, handleKill: false });
process.once('SIGTERM', async () => {
  await worker.stop();
  await provider.shutdown().catch(() => {}); // without its collector the queue is lost
  process.exit(0); // the SDK keeps its connections open
});
void worker.start();
await worker.waitUntilReady();
console.log(JSON.stringify({ msg: 'ready' }));
