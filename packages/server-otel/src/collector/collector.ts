import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { OtlpTarget } from '@hatchet-ts/otlp/client';
import type { TlsFiles } from '../configuration/credential-files.ts';
import { formatEndpoint } from '../configuration/endpoint.ts';
import { formatProxy, proxyOf } from '../configuration/proxy.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import type { TelemetryLogger } from '../logger.ts';
import type { OtlpModules } from '../modules.ts';
import { type Authorization, authorizationFromFile } from './authorization.ts';
import { credentialsThroughProxy } from './proxy-tunnel.ts';
import { credentialsFromFiles } from './tls-credentials.ts';

/**
 * Address, credentials and headers of the collector, from `SERVER_OTEL_*` and the proxy variables: no `OTEL_*` variable
 * can weaken them.
 */
export interface Collector extends OtlpTarget {
  /** `host:port` as the operator wrote it. */
  readonly address: string;
  /** The proxy on the way to the collector, without its credentials. */
  readonly proxy?: string;
  /** True if calls carry an authorization. */
  readonly hasAuth: boolean;
}

/**
 * Describes the configured collector; undefined without a collector URL.
 *
 * @param authorization callback of the application; replaces `SERVER_OTEL_COLLECTOR_AUTH`
 */
export function describeCollector(
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
  const proxy = proxyOf(values);
  const routed = (credentials: ChannelCredentials) =>
    proxy === undefined ? credentials : credentialsThroughProxy({ grpc }, credentials, proxy, collector);
  const plaintext = routed(grpc.credentials.createInsecure());
  return {
    address,
    ...(proxy && { proxy: formatProxy(proxy) }),
    // Always with a scheme and a port; gRPC would otherwise guess the port (443).
    target: `dns:${formatEndpoint(proxy ?? collector)}`,
    credentials: insecure
      ? () => plaintext
      : credentialsFromFiles(values, tls, logger, (files) =>
          // Explicit: NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise turn verification off.
          routed(grpc.credentials.createFromSecureContext(createTlsContext(files), { rejectUnauthorized: true })),
        ),
    channelOptions: {
      'grpc.default_authority': address,
      // gRPC would read grpc_proxy, https_proxy and http_proxy itself, without NO_PROXY and HTTPS_PROXY.
      'grpc.enable_http_proxy': 0,
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

/** Creates the TLS context of the export: trusted authorities and the client certificate. */
export function createTlsContext({ rootCa, certificate, key }: TlsFiles): SecureContext {
  return createSecureContext({ ca: rootCa ?? systemRoots(), cert: certificate, key });
}

/**
 * The authorities that the system trusts, like Hatchet's Go services (`SSL_CERT_FILE`, `SSL_CERT_DIR`, the
 * distribution's bundle), and those of `NODE_EXTRA_CA_CERTS`. By default Node.js would use its bundled list, and gRPC
 * the list that `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` names. An image without any falls back to Node's.
 */
function systemRoots(): string[] {
  const system = getCACertificates('system');
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
}
