// The application's own OpenTelemetry set-up: nothing here comes from Hatchet but the last line.
import { credentials, Metadata } from '@grpc/grpc-js';
import { HatchetInstrumentor } from '@hatchet-ts/sdk-otel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Sends spans to the Collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, or else to the receiver of the engine. */
export const tracerProvider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME ?? 'order-worker' }),
  spanProcessors: [
    new BatchSpanProcessor(process.env.OTEL_EXPORTER_OTLP_ENDPOINT ? new OTLPTraceExporter() : toEngine()),
  ],
});
tracerProvider.register();

new HatchetInstrumentor({ tracerProvider }).instrument();

/** The engine takes OTLP on its own port, with the worker's token. */
function toEngine(): OTLPTraceExporter {
  const { HATCHET_CLIENT_HOST_PORT, HATCHET_CLIENT_TOKEN, HATCHET_CLIENT_TLS_STRATEGY } = process.env;
  if (!HATCHET_CLIENT_HOST_PORT || !HATCHET_CLIENT_TOKEN) {
    throw new Error('set HATCHET_CLIENT_HOST_PORT and HATCHET_CLIENT_TOKEN, as `npm start` prints them');
  }
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${HATCHET_CLIENT_TOKEN}`);
  const plain = HATCHET_CLIENT_TLS_STRATEGY === 'none';
  return new OTLPTraceExporter({
    url: `${plain ? 'http' : 'https'}://${HATCHET_CLIENT_HOST_PORT}`,
    credentials: plain ? credentials.createInsecure() : credentials.createSsl(),
    metadata,
  });
}
