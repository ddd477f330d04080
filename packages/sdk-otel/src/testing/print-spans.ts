// Preload of an application that also traces HTTP and gRPC, in every thread of the process. Prints each ended span.
import { writeSync } from 'node:fs';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { HatchetInstrumentor } from '../index.ts';

const printer = new SimpleSpanProcessor({
  export(spans, done) {
    for (const { name, parentSpanContext } of spans) writeSync(1, `${parentSpanContext ? 'child' : 'root'} ${name}\n`);
    done({ code: 0 });
  },
  shutdown: async () => undefined,
});
new NodeSDK({
  instrumentations: [new HttpInstrumentation(), new GrpcInstrumentation(), new HatchetInstrumentor()],
  spanProcessors: [printer],
  metricReaders: [],
  logRecordProcessors: [],
}).start();
