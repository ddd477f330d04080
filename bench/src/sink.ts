/* A collector in a process of its own: takes what it is sent and counts the spans that differ. */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { readSpans } from '@hatchet-ts/trace-testing/receiver';
import type { SinkAnswer, SinkRequest } from './sinks.ts';

let requests: Buffer[] = [];
let port = 0;
let server: Server | undefined;

process.on('message', async (request: SinkRequest) => {
  if (request === 'stop') server?.forceShutdown();
  else if (request === 'listen') await listen();
  else if (request === 'forget') requests = [];
  // Only now, so that counting takes no time from the measurement.
  const spans =
    request === 'count' ? new Set(requests.flatMap(readSpans).map(({ traceId, spanId }) => traceId + spanId)).size : 0;
  process.send?.({ port, spans } satisfies SinkAnswer);
});

process.once('disconnect', () => process.exit()); // whoever asked has gone

async function listen(): Promise<void> {
  server = new Server();
  const asItIs = (bytes: Buffer) => bytes;
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    },
    {
      export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        requests.push(call.request);
        done(null, Buffer.alloc(0));
      },
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
  port = await promise;
}
