import { OtlpClient, type OtlpTarget, TRACES_METHOD } from '@hatchet-ts/otlp/client';
import { versionOf } from '@hatchet-ts/otlp/file-version';
import { SDK_PACKAGE } from '../instrumentation/loaded-sdk.ts';
import type { EngineAddress } from './engine-address.ts';
import { loadDependency, loadPeer } from './optional-peer.ts';

/** Connection to the engine's OTLP receiver. */
export interface EngineConnection {
  /** `host:port`, for log lines. */
  readonly address: string;
  readonly client: OtlpClient;
}

/**
 * Connects with the SDK's configuration and its copy of gRPC, so that it reaches the engine whenever the client does:
 * same token, host, TLS (with client certificates and server name) and message limits. The connection is its own: the
 * SDK's does not notice for 70 s that the other end has vanished.
 */
export function connectToEngine(address: EngineAddress): EngineConnection {
  const loader = loadPeer([`${SDK_PACKAGE}/util/config-loader/config-loader.js`], 'the exporter to the engine');
  const { ConfigLoader } = loader.exports as ConfigModule;
  const grpc = loadDependency('@grpc/grpc-js', loadDependency('nice-grpc', loader)).exports as Grpc;
  const config = ConfigLoader.loadClientConfig(address);
  const receiver: OtlpTarget = {
    target: targetOf(config),
    channelOptions: {
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
      'grpc.max_send_message_length': config.grpc_max_send_message_length ?? MESSAGE_LIMIT,
      'grpc.max_receive_message_length': config.grpc_max_recv_message_length ?? MESSAGE_LIMIT,
      ...(config.tls_config.server_name && { 'grpc.ssl_target_name_override': config.tls_config.server_name }),
    },
    credentials: credentialsFromFiles(config, () => ConfigLoader.createCredentials(config.tls_config)),
    metadata: async () => {
      const metadata = new grpc.Metadata();
      metadata.set('authorization', `bearer ${config.token}`);
      return metadata;
    },
  };
  return { address: config.host_port, client: new OtlpClient(grpc, receiver, TRACES_METHOD) };
}

/** Limits of the SDK's channel. */
const MESSAGE_LIMIT = 4 * 1024 * 1024;

/** Returns the address as the SDK's channel would: gRPC itself has another default port. */
function targetOf({ host_port, tls_config }: ClientConfig): string {
  const address = host_port.replace(/^https?:\/\//, '');
  if (/:\d+$/.test(address)) return address;
  return `${address}:${tls_config.tls_strategy === 'none' ? 80 : 443}`;
}

/** Creates credentials again when a file has changed. While the files are unusable, the last ones stay in use. */
function credentialsFromFiles({ tls_config }: ClientConfig, create: () => Credentials): () => Credentials {
  const { ca_file, cert_file, key_file } = tls_config;
  const paths = [ca_file, cert_file, key_file].filter((path) => path !== undefined);
  let seen = versionOf(paths);
  let current = create();
  return () => {
    const version = versionOf(paths);
    if (version === seen) return current;
    seen = version;
    try {
      current = create();
    } catch {
      // A file is missing in the middle of a renewal; its next version is tried again.
    }
    return current;
  };
}

type Grpc = typeof import('@grpc/grpc-js');
type Credentials = ReturnType<OtlpTarget['credentials']>;

interface ClientConfig {
  readonly host_port: string;
  readonly token: string;
  readonly tls_config: NonNullable<EngineAddress['tls_config']>;
  readonly grpc_max_send_message_length?: number;
  readonly grpc_max_recv_message_length?: number;
}

interface ConfigModule {
  readonly ConfigLoader: {
    loadClientConfig(override: EngineAddress): ClientConfig;
    createCredentials(tls: ClientConfig['tls_config']): Credentials;
  };
}
