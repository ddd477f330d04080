import { createServer as createTcpServer } from 'node:net';
import type { ServerCredentials, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';

export interface ReceivedCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

/** An OTLP/gRPC collector that keeps the requests it receives. */
export interface TestCollector {
  readonly address: string;
  readonly port: number;
  readonly calls: ReceivedCall[];
  close(): void;
}

export interface TestCollectorOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** False: calls are accepted and never answered. */
  readonly answers?: boolean;
  /** PEM; plaintext without. `clientCa` requires client certificates of that authority. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
  /** The only accepted `Authorization`. */
  readonly auth?: string;
  /** Answers a call, instead of `answers` and `auth`. */
  readonly respond?: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;
  /** Default: both. */
  readonly signals?: readonly ('trace' | 'metrics')[];
}

export async function startCollector(host = '127.0.0.1', options: TestCollectorOptions = {}): Promise<TestCollector> {
  const { port: wanted = 0, answers = true, tls, auth, respond, signals = ['trace', 'metrics'] } = options;
  const { Server, ServerCredentials } = await import('@grpc/grpc-js');
  const calls: ReceivedCall[] = [];
  const server = new Server();
  for (const signal of signals) {
    const path = `/opentelemetry.proto.collector.${signal}.v1.${SERVICES[signal]}/Export`;
    const identity = (bytes: Buffer) => bytes;
    const keep = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
      calls.push({ path, headers: call.metadata.getMap(), bytes: call.request });
      if (respond !== undefined) return respond(call, done);
      const refused = auth !== undefined && call.metadata.get('authorization')[0] !== auth;
      if (refused) return done({ code: UNAUTHENTICATED, details: 'invalid token' });
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
    server.bindAsync(`${host}:${wanted}`, credentialsOf(ServerCredentials, tls), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `${host}:${port}`, port, calls, close: () => server.forceShutdown() };
}

const SERVICES = { trace: 'TraceService', metrics: 'MetricsService' };
const UNAUTHENTICATED = 16;

function credentialsOf(
  { createInsecure, createSsl }: typeof ServerCredentials,
  tls: TestCollectorOptions['tls'],
): ServerCredentials {
  if (tls === undefined) return createInsecure();
  const pair = { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) };
  return createSsl(tls.clientCa === undefined ? null : Buffer.from(tls.clientCa), [pair], tls.clientCa !== undefined);
}

/** Returns the first byte that a client sends: 0x16 begins a TLS handshake, `P` (0x50) plaintext HTTP/2. */
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
