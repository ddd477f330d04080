import { createServer } from 'nice-grpc';

/** An OTLP/gRPC receiver that keeps the bytes of what it is sent. */
export interface TestCollector {
  readonly url: string;
  readonly exports: Uint8Array[];
  stop(): void;
}

/** @param answers false: it takes calls and never answers them */
export async function startCollector({ answers = true }: { answers?: boolean } = {}): Promise<TestCollector> {
  const exports: Uint8Array[] = [];
  const server = createServer();
  server.add(TRACE_SERVICE, {
    export: async (request: Buffer) => {
      exports.push(request);
      if (!answers) await new Promise(() => undefined);
      return Buffer.alloc(0);
    },
  });
  const port = await server.listen('127.0.0.1:0');
  return { url: `http://127.0.0.1:${port}`, exports, stop: () => server.forceShutdown() };
}

/** How often a name stands in what was exported: a span's name is text in it. */
export function occurrences({ exports }: TestCollector, name: string): number {
  return Buffer.concat(exports).toString('latin1').split(name).length - 1;
}

const bytes = (value: Uint8Array) => Buffer.from(value);

const TRACE_SERVICE = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} as const;
