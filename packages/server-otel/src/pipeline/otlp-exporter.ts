import type { MeterProvider } from '@opentelemetry/api';
import type { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Collector } from './collector.ts';
import { GrpcTransport } from './grpc-transport.ts';
import type { OtlpModules } from './sdk.ts';

export const TRACES_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
export const METRICS_METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** An exporter and the way to close it at once: its own `shutdown` first waits for calls that may hang. */
export interface OtlpMetricExporter {
  readonly exporter: OTLPMetricExporterBase;
  close(): void;
}

/** @param meterProvider where the exporter's own measurements go */
export function otlpMetricExporter(
  collector: Collector,
  otlp: OtlpModules,
  meterProvider: MeterProvider,
): OtlpMetricExporter {
  const { ProtobufMetricsSerializer, MetricsExporterMetricsHelper: helper } = otlp.transformer;
  const transport = new GrpcTransport(collector, METRICS_METHOD, otlp);
  const metrics = otlp.grpcBase.createOtlpGrpcExporterMetrics(
    'otlp_grpc_metric_exporter',
    helper,
    collector.address,
    meterProvider,
  );
  const delegate = otlp.base.createOtlpNetworkExportDelegate(LIMITS, ProtobufMetricsSerializer, metrics, transport);
  return { exporter: new otlp.base.OTLPExporterBase(delegate), close: () => transport.shutdown() };
}

type OTLPMetricExporterBase = OTLPExporterBase<ResourceMetrics>;

const LIMITS = {
  /** How long one call may take. */
  timeoutMillis: 10_000,
  /** Calls on their way at the same time. */
  concurrencyLimit: 4,
  compression: 'none', // the channel compresses
} as const;
