import { SDK_PACKAGE } from '../instrumentation/loaded-sdk.ts';
import { loadPeer } from './optional-peer.ts';

/** Part of the SDK's `ClientConfig` with the engine's address. Missing values come from the environment. */
export interface EngineAddress {
  readonly token?: string;
  /** `host:port` of the engine. */
  readonly host_port?: string;
  readonly tls_config?: {
    readonly tls_strategy?: 'tls' | 'mtls' | 'none' | undefined;
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
    readonly server_name?: string | undefined;
  };
}

/** Connection to the engine's OTLP receiver. */
export interface EngineConnection {
  /** `host:port`, for log lines. */
  readonly address: string;
  /** Sends an encoded ExportTraceServiceRequest and resolves with the encoded response; rejects with a gRPC `code`. */
  send(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/**
 * Connects with the SDK's own code, so that it reaches the engine whenever the client does: same token, host, TLS (with
 * client certificates and server name) and message limits.
 */
export function connectToEngine(address: EngineAddress): EngineConnection {
  const { ConfigLoader } = load<ConfigModule>('util/config-loader/config-loader.js');
  const { createGrpcClient } = load<GrpcModule>('util/grpc-helpers.js');
  const config = ConfigLoader.loadClientConfig(address);
  const { client, channel } = createGrpcClient(config, TRACE_SERVICE);
  return {
    address: config.host_port,
    send: (request, signal) => client.export(request, { signal }),
    close: () => channel.close(),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Uint8Array => bytes;

// in the form that grpc-js and nice-grpc share; messages are already encoded
const TRACE_SERVICE = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: asBuffer,
    requestDeserialize: asIs,
    responseSerialize: asBuffer,
    responseDeserialize: asIs,
  },
} as const;

interface ConfigModule {
  readonly ConfigLoader: { loadClientConfig(override: EngineAddress): { readonly host_port: string } };
}

interface GrpcModule {
  createGrpcClient(
    config: object,
    definition: typeof TRACE_SERVICE,
  ): {
    readonly channel: { close(): void };
    readonly client: { export(request: Uint8Array, options: { signal: AbortSignal }): Promise<Uint8Array> };
  };
}

function load<T>(file: string): T {
  return loadPeer([`${SDK_PACKAGE}/${file}`], 'the exporter to the engine').exports as T;
}
