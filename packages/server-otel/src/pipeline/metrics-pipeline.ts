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

export interface MetricsPipelineOptions {
  readonly collector: Collector;
  readonly otlp: OtlpModules;
  readonly resource: Resource;
  readonly intervalMillis: number;
}

export function startMetricsPipeline(options: MetricsPipelineOptions): MetricsPipeline {
  const { collector, otlp, resource, intervalMillis } = options;
  const sdk = loadMetricsSdk();
  const { exporter, close } = otlpMetricExporter(collector, otlp);
  const provider = new sdk.MeterProvider({
    resource,
    readers: [
      new sdk.PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: intervalMillis,
        exportTimeoutMillis: intervalMillis,
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
