/* A program for tests: ends a span while the collector (its first argument) is away, shuts down, prints the status. */
import * as grpc from '@grpc/grpc-js';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { SpanDelivery } from '../delivery/span-delivery.ts';
import { SILENT } from './recording.ts';

const address = process.argv[2] ?? '';
const delivery = new SpanDelivery(grpc, {
  collector: {
    address,
    target: `dns:${address}`,
    credentials: grpc.credentials.createInsecure(),
    channelOptions: {},
    metadata: async () => new grpc.Metadata(),
  },
  logger: SILENT,
  limits: { shutdownMillis: 300 },
});
new BasicTracerProvider({ spanProcessors: [delivery] }).getTracer('test').startSpan('span').end();
await delivery.shutdown();
console.log(JSON.stringify(delivery.status()));
