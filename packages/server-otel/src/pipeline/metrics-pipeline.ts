import type { MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { TelemetryLogger } from '../logger.ts';
import { startRuntimeMetrics } from '../metrics/runtime-metrics.ts';
import type { Collector } from './collector.ts';
import { MetricDelivery } from './metric-delivery.ts';
import { otlpMetricExporter } from './otlp-exporter.ts';
import { loadMetricsSdk, type OtlpModules } from './sdk.ts';

/** Collects metrics and takes them to the collector. */
export interface MetricsPipeline {
  readonly meterProvider: MeterProvider;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  close(): void;
}

export interface MetricsPipelineOptions {
  readonly collector?: { readonly collector: Collector; readonly otlp: OtlpModules } | undefined;
  readonly readers: readonly IMetricReader[];
  readonly resource: Resource;
  readonly intervalMillis: number;
  readonly logger: TelemetryLogger;
}

export function startMetricsPipeline(options: MetricsPipelineOptions): MetricsPipeline {
  const { collector: exporting, intervalMillis, logger, resource, readers } = options;
  const { MeterProvider, PeriodicExportingMetricReader } = loadMetricsSdk();
  const delivery = exporting && new MetricDelivery(exporting.collector.address, logger);
  const periodic =
    delivery &&
    new PeriodicExportingMetricReader({
      exporter: delivery,
      exportIntervalMillis: intervalMillis,
      exportTimeoutMillis: Math.min(intervalMillis, LONGEST_EXPORT_MILLIS),
    });
  const provider = new MeterProvider({
    resource,
    // What readers say about themselves goes out with the rest.
    sdkMetricsEnabled: true,
    readers: periodic ? [...readers, periodic] : [...readers],
  });
  const otlp = exporting && otlpMetricExporter(exporting.collector, exporting.otlp, provider);
  if (otlp) delivery?.through(otlp.exporter);
  const stopRuntimeMetrics = startRuntimeMetrics(provider);
  return {
    meterProvider: provider,
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    close: () => {
      stopRuntimeMetrics();
      otlp?.close();
    },
  };
}

const LONGEST_EXPORT_MILLIS = 10_000;
