// Set-up of a user: own provider, stock exporter, instrumentor. Must be imported first.
import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

export const tracerProvider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 10_000 })],
});
tracerProvider.register();
new HatchetInstrumentor({ tracerProvider, propagateBaggage: true }).instrument();
