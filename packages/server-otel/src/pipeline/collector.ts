import type { ChannelCredentials, ChannelOptions, Metadata } from '@grpc/grpc-js';
import { formatEndpoint } from '../configuration/endpoint.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import type { TelemetryLogger } from '../logger.ts';
import { type Authorization, authorizationFromFile } from './authorization.ts';
import type { OtlpModules } from './sdk.ts';
import { tlsContext } from './tls-context.ts';

/** How the collector is reached; made from `SERVER_OTEL_*` alone, so that no `OTEL_*` variable can weaken it. */
export interface Collector {
  /** `host:port` as the operator wrote it. */
  readonly address: string;
  /** What gRPC is given: always with a scheme and a port, which it would otherwise guess (443). */
  readonly target: string;
  /** The same object for every client, so that gRPC opens one connection for all signals. */
  readonly credentials: ChannelCredentials;
  /** TLS server name, compression, reconnection; every client of the collector takes these, and may add its own. */
  readonly channelOptions: ChannelOptions;
  /** Whether calls are authorised. */
  readonly hasAuth: boolean;
  /** Headers of one call, with the authorisation of this moment. Rejects when a function that was to say it fails. */
  metadata(): Promise<Metadata>;
}

/** @param authorization what the application says itself, instead of `SERVER_OTEL_COLLECTOR_AUTH` */
export function collectorOf(
  { values, tls }: EffectiveConfiguration,
  { grpc }: Pick<OtlpModules, 'grpc'>,
  logger: TelemetryLogger,
  authorization?: Authorization,
): Collector | undefined {
  const { collector, collectorAuth, collectorAuthFile, compression, insecure, tlsServerName } = values;
  if (collector === undefined) return undefined;
  const address = formatEndpoint(collector);
  const auth =
    authorization ??
    (collectorAuthFile === undefined ? () => collectorAuth : authorizationFromFile(collectorAuthFile, logger));
  return {
    address,
    target: `dns:${address}`,
    credentials: insecure
      ? grpc.credentials.createInsecure()
      : // Said here, because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch every check off.
        grpc.credentials.createFromSecureContext(tlsContext(tls), { rejectUnauthorized: true }),
    channelOptions: {
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.primary_user_agent': 'hatchet-server-otel',
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms[compression === 'gzip' ? 'gzip' : 'identity'],
      ...(tlsServerName !== undefined && { 'grpc.ssl_target_name_override': tlsServerName }),
    },
    hasAuth: authorization !== undefined || collectorAuthFile !== undefined || Boolean(collectorAuth),
    metadata: async () => {
      const metadata = new grpc.Metadata();
      const value = await auth();
      if (value) metadata.set('authorization', value);
      return metadata;
    },
  };
}
