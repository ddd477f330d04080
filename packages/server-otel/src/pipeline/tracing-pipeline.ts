import { TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
import type { Tracer, TracerProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TelemetryLogger } from '../logger.ts';
import { SCOPE } from '../process-telemetry.ts';
import { PresetIds } from '../spans/preset-ids.ts';
import { TenantSpanProcessor } from '../spans/tenant.ts';
import type { Collector } from './collector.ts';
import { Delivery, type DeliveryStatus } from './delivery.ts';
import { otlpTraceExporter } from './otlp-exporter.ts';
import { loadTracingSdk, type OtlpModules } from './sdk.ts';

/** Makes spans and takes them to the collector. */
export interface TracingPipeline {
  readonly tracerProvider: TracerProvider;
  readonly tracer: Tracer;
  readonly ids: PresetIds;
  isSampled(traceId: string): boolean;
  status(): DeliveryStatus;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  /** Ends what is still on its way and closes the connection. */
  close(): void;
}

export interface TracingPipelineOptions {
  readonly ratio: number;
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
  readonly collector?: { readonly collector: Collector; readonly otlp: OtlpModules } | undefined;
  readonly logger: TelemetryLogger;
}

export function startTracingPipeline(options: TracingPipelineOptions): TracingPipeline {
  const sdk = loadTracingSdk();
  const ids = new PresetIds();
  const sampler = new TraceIdRatioSampler(options.ratio);
  const processors: SpanProcessor[] = [new TenantSpanProcessor(), ...options.processors];
  const exporting = options.collector && batchedExport(options.collector, options.logger);
  if (exporting) processors.push(exporting.processor);
  const provider = new sdk.BasicTracerProvider({
    sampler,
    idGenerator: ids,
    resource: options.resource,
    spanProcessors: processors,
    // Said here, so that no OTEL_SPAN_* variable decides what a service exports.
    generalLimits: { attributeCountLimit: 128, attributeValueLengthLimit: Number.POSITIVE_INFINITY },
    spanLimits: {
      attributeCountLimit: 128,
      attributeValueLengthLimit: Number.POSITIVE_INFINITY,
      eventCountLimit: 128,
      linkCountLimit: 128,
      attributePerEventCountLimit: 128,
      attributePerLinkCountLimit: 128,
    },
  });
  return {
    tracerProvider: provider,
    tracer: provider.getTracer(SCOPE.name, SCOPE.version),
    ids,
    isSampled: (traceId) =>
      sampler.shouldSample(undefined, traceId).decision === sdk.SamplingDecision.RECORD_AND_SAMPLED,
    status: () => exporting?.delivery.status ?? { exported: 0, dropped: 0 },
    forceFlush: async () => {
      await provider.forceFlush();
      // The batch processor waits neither for the batch that is on its way nor for the exporter.
      await exporting?.delivery.forceFlush();
    },
    shutdown: () => provider.shutdown(),
    close: () => exporting?.close(),
  };
}

function batchedExport({ collector, otlp }: { collector: Collector; otlp: OtlpModules }, logger: TelemetryLogger) {
  const { BatchSpanProcessor } = loadTracingSdk();
  const { exporter, close } = otlpTraceExporter(collector, otlp);
  const delivery = new Delivery(exporter, collector.address, logger);
  const processor = new BatchSpanProcessor(delivery, {
    maxQueueSize: 65_536,
    // About 1 MiB: a Collector refuses calls of more than 4 MiB unless told otherwise.
    maxExportBatchSize: 1024,
    scheduledDelayMillis: 5000,
    exportTimeoutMillis: 30_000,
  });
  return { processor, delivery, close };
}
