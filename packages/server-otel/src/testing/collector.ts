import { createServer as createTcpServer } from 'node:net';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';

export interface ReceivedCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

/** A plaintext OTLP/gRPC collector that keeps what it is sent. */
export interface TestCollector {
  readonly address: string;
  readonly calls: ReceivedCall[];
  close(): void;
}

/**
 * @param options.port default: any that is free
 * @param options.answers false: it accepts calls and never answers them
 */
export async function startCollector(
  host = '127.0.0.1',
  { port: wanted = 0, answers = true }: { port?: number; answers?: boolean } = {},
): Promise<TestCollector> {
  const { Server, ServerCredentials } = await import('@grpc/grpc-js');
  const calls: ReceivedCall[] = [];
  const server = new Server();
  const services = { trace: 'TraceService', metrics: 'MetricsService' };
  for (const [signal, service] of Object.entries(services)) {
    const path = `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`;
    const identity = (bytes: Buffer) => bytes;
    const keep = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
      calls.push({ path, headers: call.metadata.getMap(), bytes: call.request });
      if (answers) done(null, Buffer.alloc(0));
    };
    server.addService(
      {
        export: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: identity,
          requestDeserialize: identity,
          responseSerialize: identity,
          responseDeserialize: identity,
        },
      },
      { export: keep },
    );
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${wanted}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `${host}:${port}`, calls, close: () => server.forceShutdown() };
}

/** The first byte that a client sends to a TCP port: 0x16 opens a TLS handshake, `P` (0x50) plaintext HTTP/2. */
export async function firstByteOf(connect: (address: string) => Promise<unknown>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createTcpServer((socket) =>
    socket
      .on('error', () => {})
      .once('data', (bytes) => {
        resolve(bytes[0] ?? -1);
        socket.destroy();
      }),
  );
  const address = await new Promise<string>((listening) =>
    server.listen(0, '127.0.0.1', () => listening(`127.0.0.1:${(server.address() as { port: number }).port}`)),
  );
  try {
    await connect(address);
    return await promise;
  } finally {
    server.close();
  }
}
