import { ServerCredentials } from '@grpc/grpc-js';
import { createServer, ServerError } from 'nice-grpc';
import type { Certificate } from './certificates.ts';

/** What the engine's OTLP receiver is to a client. */
export interface OtlpReceiver {
  readonly address: string;
  /** the `authorization` of each call */
  readonly authorizations: (string | undefined)[];
  /** the bytes of each call */
  readonly requests: Uint8Array[];
  /** gRPC codes that the next calls are refused with */
  readonly refusals: number[];
  stop(): void;
}

/** @param tls with `authority` it asks for a client certificate of that authority */
export async function startOtlpReceiver(tls?: Certificate & { readonly authority?: string }): Promise<OtlpReceiver> {
  const receiver = {
    authorizations: [] as (string | undefined)[],
    requests: [] as Uint8Array[],
    refusals: [] as number[],
  };
  const server = createServer();
  server.add(TRACE_SERVICE, {
    export: async (request: Buffer, { metadata }) => {
      receiver.authorizations.push(metadata.get('authorization'));
      receiver.requests.push(request);
      const code = receiver.refusals.shift();
      if (code !== undefined) throw new ServerError(code, 'refused');
      return Buffer.alloc(0);
    },
  });
  const port = await server.listen('127.0.0.1:0', tls && credentials(tls));
  return { ...receiver, address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

function credentials({ certificate, key, authority }: Certificate & { readonly authority?: string }) {
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(authority ? Buffer.from(authority) : null, [pair], authority !== undefined);
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
