/* A program for tests: ends a span while the collector (its first argument) is away, shuts down, prints the status. */
import { credentials, Metadata } from '@grpc/grpc-js';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { SpanDelivery } from '../delivery/span-delivery.ts';
import { loadOtlp } from '../modules.ts';
import { SILENT } from './recording.ts';

const address = process.argv[2] ?? '';
const plaintext = credentials.createInsecure();
const delivery = new SpanDelivery({
  collector: {
    address,
    target: `dns:${address}`,
    credentials: () => plaintext,
    channelOptions: {},
    metadata: async () => new Metadata(),
  },
  otlp: loadOtlp(),
  logger: SILENT,
  limits: { shutdownMillis: 300 },
});
new NodeTracerProvider({ spanProcessors: [delivery] }).getTracer('test').startSpan('span').end();
await delivery.shutdown();
console.log(JSON.stringify(delivery.status()));
