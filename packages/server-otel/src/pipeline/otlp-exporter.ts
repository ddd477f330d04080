import type { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Collector } from './collector.ts';
import { GrpcTransport } from './grpc-transport.ts';
import type { OtlpModules } from './sdk.ts';

export const TRACES_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
export const METRICS_METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** An exporter and the way to close it at once: its own `shutdown` first waits for calls that may hang. */
export interface OtlpExporter<Batch> {
  readonly exporter: OTLPExporterBase<Batch>;
  close(): void;
}

export function otlpMetricExporter(collector: Collector, otlp: OtlpModules): OtlpExporter<ResourceMetrics> {
  const { ProtobufMetricsSerializer, MetricsExporterMetricsHelper } = otlp.transformer;
  return otlpExporter(collector, otlp, METRICS_METHOD, ProtobufMetricsSerializer, MetricsExporterMetricsHelper);
}

function otlpExporter<Batch, Response>(
  collector: Collector,
  otlp: OtlpModules,
  method: string,
  serializer: ISerializer<Batch, Response>,
  helper: IExporterMetricsHelper<Batch>,
): OtlpExporter<Batch> {
  const transport = new GrpcTransport(collector, method, otlp);
  const metrics = otlp.grpcBase.createOtlpGrpcExporterMetrics(
    `otlp_grpc_${helper.name}_exporter`,
    helper,
    collector.address,
    undefined,
  );
  const delegate = otlp.base.createOtlpNetworkExportDelegate(SHARED, serializer, metrics, transport);
  return { exporter: new otlp.base.OTLPExporterBase(delegate), close: () => transport.shutdown() };
}

const SHARED = {
  /** How long one call may take. */
  timeoutMillis: 10_000,
  /** Calls on their way at the same time; a flush of a full queue sends 64 batches at once. */
  concurrencyLimit: 128,
  compression: 'none',
} as const;
