import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { OtlpTarget } from '@hatchet-ts/otlp/client';
import type { TlsFiles } from '../configuration/credential-files.ts';
import { formatEndpoint } from '../configuration/endpoint.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import type { TelemetryLogger } from '../logger.ts';
import type { OtlpModules } from '../modules.ts';
import { type Authorization, authorizationFromFile } from './authorization.ts';
import { credentialsFromFiles } from './tls-credentials.ts';

/** Address, credentials and headers of the collector, from `SERVER_OTEL_*` alone: no `OTEL_*` variable can weaken them. */
export interface Collector extends OtlpTarget {
  /** `host:port` as the operator wrote it. */
  readonly address: string;
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
  const plaintext = grpc.credentials.createInsecure();
  return {
    address,
    // Always with a scheme and a port; gRPC would otherwise guess the port (443).
    target: `dns:${address}`,
    credentials: insecure
      ? () => plaintext
      : credentialsFromFiles(values, tls, logger, (files) =>
          // Explicit: NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise turn verification off.
          grpc.credentials.createFromSecureContext(createTlsContext(files), { rejectUnauthorized: true }),
        ),
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
