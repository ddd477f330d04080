import type { MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Collector } from './collector.ts';
import { otlpMetricExporter } from './otlp-exporter.ts';
import { loadMetricsSdk, type OtlpModules } from './sdk.ts';

/** Collects metrics and takes them to the collector. */
export interface MetricsPipeline {
  readonly meterProvider: MeterProvider;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  close(): void;
}

/** Hatchet's own interval. */
const INTERVAL_MILLIS = 3000;

export function startMetricsPipeline(collector: Collector, otlp: OtlpModules, resource: Resource): MetricsPipeline {
  const sdk = loadMetricsSdk();
  const { exporter, close } = otlpMetricExporter(collector, otlp);
  const provider = new sdk.MeterProvider({
    resource,
    readers: [
      new sdk.PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: INTERVAL_MILLIS,
        exportTimeoutMillis: INTERVAL_MILLIS,
      }),
    ],
  });
  return {
    meterProvider: provider,
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    close,
  };
}
