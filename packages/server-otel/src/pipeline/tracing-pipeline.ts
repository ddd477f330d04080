import { TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type DeliveryStatus, NOTHING_DELIVERED } from '../delivery/books.ts';
import type { DeliveryLimits } from '../delivery/limits.ts';
import { SpanDelivery } from '../delivery/span-delivery.ts';
import type { TelemetryLogger } from '../logger.ts';
import { SCOPE } from '../process-telemetry.ts';
import { PresetIds } from '../spans/preset-ids.ts';
import { TenantSpanProcessor } from '../spans/tenant.ts';
import type { Collector } from './collector.ts';
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
  readonly collector?: { readonly collector: Collector; readonly otlp: Pick<OtlpModules, 'grpc'> } | undefined;
  readonly limits?: Partial<DeliveryLimits>;
  readonly logger: TelemetryLogger;
  /** Where the pipeline's own measurements go. */
  readonly meterProvider?: MeterProvider | undefined;
}

export function startTracingPipeline(options: TracingPipelineOptions): TracingPipeline {
  const sdk = loadTracingSdk();
  const ids = new PresetIds();
  const sampler = new TraceIdRatioSampler(options.ratio);
  const processors: SpanProcessor[] = [new TenantSpanProcessor(), ...options.processors];
  const delivery =
    options.collector &&
    new SpanDelivery(options.collector.otlp.grpc, { ...options, collector: options.collector.collector });
  // Last: what another processor's `onEnd` changed would not be seen later.
  if (delivery) processors.push(delivery);
  const provider = new sdk.BasicTracerProvider({
    sampler,
    idGenerator: ids,
    resource: options.resource,
    ...(options.meterProvider && { meterProvider: options.meterProvider }),
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
    status: () => delivery?.status() ?? NOTHING_DELIVERED,
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    close: () => delivery?.close(),
  };
}
