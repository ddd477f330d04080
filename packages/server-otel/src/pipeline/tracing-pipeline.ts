import { TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
import {
  type MeterProvider,
  type ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { NodeTracerConfig, NodeTracerProvider, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Collector } from '../collector/collector.ts';
import { type DeliveryStatus, NOTHING_DELIVERED } from '../delivery/delivery-counts.ts';
import type { DeliveryLimits } from '../delivery/limits.ts';
import { SpanDelivery } from '../delivery/span-delivery.ts';
import type { TelemetryLogger } from '../logger.ts';
import { loadTracingSdk, type OtlpModules } from '../modules.ts';
import { type ProcessTelemetry, SCOPE } from '../process-telemetry.ts';
import { installPropagation } from '../propagation/propagation.ts';
import { TenantSpanProcessor } from '../spans/tenant.ts';
import { PresetIds } from '../spans/trace-ids.ts';

/** Creates spans and delivers them to the collector. */
export interface TracingPipeline extends NonNullable<ProcessTelemetry['tracing']> {
  readonly tracerProvider: TracerProvider;
  readonly tracer: Tracer;
  /** False if another SDK was registered in this process before. */
  readonly isGlobal: boolean;
  status(): DeliveryStatus;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  /** Settles all spans in a process that ends, see `SpanDelivery.settleNow`. */
  settleNow: SpanDelivery['settleNow'];
  /** Gives up undelivered spans and closes the connection at once. */
  close(): void;
  /** Removes the provider, the context manager and the propagator from the process. */
  unregister(): void;
}

export interface TracingPipelineOptions {
  readonly ratio: number;
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
  readonly collector?: { readonly collector: Collector; readonly otlp: OtlpModules } | undefined;
  readonly limits?: Partial<DeliveryLimits>;
  readonly logger: TelemetryLogger;
  /** Provider for the pipeline's own metrics. */
  readonly meterProvider?: MeterProvider | undefined;
}

export function startTracingPipeline(options: TracingPipelineOptions): TracingPipeline {
  const { collector: target, limits, logger, meterProvider, processors, ratio, resource } = options;
  const ids = new PresetIds();
  const sampler = new TraceIdRatioSampler(ratio);
  const delivery = target && new SpanDelivery({ ...target, limits, logger, meterProvider });
  const provider = createTracerProvider({
    sampler,
    idGenerator: ids,
    resource,
    ...(meterProvider && { meterProvider }),
    // The delivery is last: it encodes the span and would miss what a later processor changes in `onEnd`.
    spanProcessors: [new TenantSpanProcessor(), ...processors, ...(delivery ? [delivery] : [])],
  });
  const removePropagation = installPropagation();
  const isGlobal = !hasTracerProvider() && trace.setGlobalTracerProvider(provider);
  const { RECORD_AND_SAMPLED } = loadTracingSdk().SamplingDecision;
  return {
    tracerProvider: provider,
    tracer: provider.getTracer(SCOPE.name, SCOPE.version),
    isGlobal,
    withIds: (preset, startSpan) => ids.use(preset, startSpan),
    isSampled: (traceId) => sampler.shouldSample(undefined, traceId).decision === RECORD_AND_SAMPLED,
    status: () => delivery?.status() ?? NOTHING_DELIVERED,
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    settleNow: (send) => delivery?.settleNow(send),
    close: () => delivery?.close(),
    unregister: () => {
      if (isGlobal) trace.disable();
      removePropagation();
    },
  };
}

/** Returns true if an SDK has registered its provider; registering a second one would log an error with a stack trace. */
function hasTracerProvider(): boolean {
  const delegate = (trace.getTracerProvider() as Partial<ProxyTracerProvider>).getDelegate?.();
  return delegate !== undefined && 'forceFlush' in delegate;
}

/** Creates the only kind of tracer provider of this package. */
export function createTracerProvider(config: NodeTracerConfig): NodeTracerProvider {
  const sdk = loadTracingSdk();
  return new sdk.NodeTracerProvider({
    ...config,
    // Explicit, so that no OTEL_SPAN_* variable decides what a service exports.
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
}
