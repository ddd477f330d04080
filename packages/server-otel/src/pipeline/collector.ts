import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import { formatEndpoint } from '../configuration/endpoint.ts';
import type { Configuration } from '../configuration/settings.ts';
import type { OtlpModules } from './sdk.ts';

/** How the collector is reached; made from `SERVER_OTEL_*` alone, so that no `OTEL_*` variable can weaken it. */
export interface Collector {
  /** `host:port` as the operator wrote it. */
  readonly address: string;
  /** What gRPC is given: always with a scheme and a port, which it would otherwise guess (443). */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  /** Headers of a call. */
  metadata(): Metadata;
}

export function collectorOf(
  { collector, insecure, collectorAuth }: Configuration,
  { grpc }: OtlpModules,
): Collector | undefined {
  if (collector === undefined) return undefined;
  const address = formatEndpoint(collector);
  return {
    address,
    target: `dns:${address}`,
    credentials: insecure ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(),
    metadata: () => {
      const metadata = new grpc.Metadata();
      if (collectorAuth) metadata.set('authorization', collectorAuth);
      return metadata;
    },
  };
}
