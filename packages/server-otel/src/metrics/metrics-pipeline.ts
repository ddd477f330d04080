import type { MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { Collector } from '../collector/collector.ts';
import type { TelemetryLogger } from '../logger.ts';
import { loadMetricsSdk, loadRuntimeInstrumentation, type OtlpModules } from '../modules.ts';
import { MetricExporter } from './metric-exporter.ts';

/** Collects metrics and exports them to the collector. */
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
  const { collector: target, intervalMillis, logger, resource, readers } = options;
  const { MeterProvider, PeriodicExportingMetricReader } = loadMetricsSdk();
  const exporter = target && new MetricExporter(target.collector, target.otlp, logger);
  const periodic =
    exporter &&
    new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: intervalMillis,
      exportTimeoutMillis: Math.min(intervalMillis, LONGEST_EXPORT_MILLIS),
    });
  const provider = new MeterProvider({
    resource,
    // The SDK's metrics about itself are exported with the others.
    sdkMetricsEnabled: true,
    readers: periodic ? [...readers, periodic] : [...readers],
  });
  exporter?.start(provider);
  const stopRuntimeMetrics = startRuntimeMetrics(provider);
  return {
    meterProvider: provider,
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    close: () => {
      stopRuntimeMetrics();
      exporter?.close();
    },
  };
}

const LONGEST_EXPORT_MILLIS = 10_000;

/**
 * Starts measuring the process itself: event loop, garbage collection, heap (`nodejs.*`, `v8js.*`).
 *
 * @returns a function that stops it
 */
function startRuntimeMetrics(meterProvider: MeterProvider): () => void {
  const { RuntimeNodeInstrumentation } = loadRuntimeInstrumentation();
  const instrumentation = new RuntimeNodeInstrumentation({ enabled: false });
  instrumentation.setMeterProvider(meterProvider);
  instrumentation.enable();
  return () => instrumentation.disable();
}
