import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { SpanDelivery } from '../../../packages/server-otel/src/delivery/span-delivery.ts';
import { loadOtlp } from '../../../packages/server-otel/src/modules.ts';
import { createSpanLoad } from './span-load.ts';

/** A span processor under measurement, with its load. */
export interface Pipeline {
  /** Ends `count` spans. */
  readonly endSpans: (count: number) => void;
  /** Spans that are neither delivered nor dropped. */
  readonly pending: () => number;
  readonly flush: () => Promise<void>;
}

/** The compared pipelines, by name. */
export const PIPELINES = {
  /** Only the loop of the measurement. */
  empty: (): Pipeline => ({ endSpans: () => {}, pending: () => 0, flush: async () => {} }),
  /** The SDK with a processor that does nothing. */
  sdk: (): Pipeline => {
    const nothing = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
    return { endSpans: createLoad(nothing), pending: () => 0, flush: async () => {} };
  },
  stock,
  ours,
} satisfies Record<string, (address: string, batchSpans?: number) => Pipeline>;

export type PipelineName = keyof typeof PIPELINES;

/** @param batchSpans spans per export; the default is that of our own delivery. */
function stock(address: string, batchSpans = 5120): Pipeline {
  const exporter = new OTLPTraceExporter({ url: `http://${address}` });
  let made = 0;
  let settled = 0;
  const processor = new BatchSpanProcessor(
    {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          settled += spans.length;
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    },
    { maxQueueSize: 65_536, maxExportBatchSize: batchSpans, scheduledDelayMillis: 5000 },
  );
  const load = createLoad(processor);
  return {
    endSpans: (count) => {
      made += count;
      load(count);
    },
    pending: () => made - settled,
    flush: async () => {
      await processor.forceFlush();
      await exporter.forceFlush();
    },
  };
}

function ours(address: string): Pipeline {
  const delivery = new SpanDelivery({
    collector: {
      address,
      target: `dns:${address}`,
      credentials: () => credentials.createInsecure(),
      channelOptions: { 'grpc.max_reconnect_backoff_ms': 2000 },
      metadata: async () => new Metadata(),
    },
    otlp: loadOtlp(),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return {
    endSpans: createLoad(delivery),
    pending: () => delivery.status().queued,
    flush: () => delivery.forceFlush(),
  };
}

function createLoad(processor: SpanProcessor): (count: number) => void {
  const resource = resourceFromAttributes({ 'service.name': 'bench', 'service.version': '1.0.0' });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  return createSpanLoad(provider.getTracer('@hatchet-ts/bench', '1.0.0'));
}
