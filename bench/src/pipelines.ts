import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { SpanDelivery } from '../../packages/server-otel/src/delivery/span-delivery.ts';
import { loadOtlp } from '../../packages/server-otel/src/modules.ts';
import { spanLoad } from './load.ts';

/** Spans on their way to a collector, in one of the ways that are compared. */
export interface Pipeline {
  /** Ends so many spans. */
  readonly spans: (count: number) => void;
  /** Spans that are neither delivered nor given up. */
  readonly pending: () => number;
  readonly flush: () => Promise<void>;
}

export const PIPELINES = {
  /** The loop of the measurement and nothing else. */
  empty: (): Pipeline => ({ spans: () => {}, pending: () => 0, flush: async () => {} }),
  /** Spans that nobody wants. */
  sdk: (): Pipeline => {
    const nothing = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
    return { spans: loadOf(nothing), pending: () => 0, flush: async () => {} };
  },
  stock,
  ours,
} satisfies Record<string, (address: string, batchSpans?: number) => Pipeline>;

export type PipelineName = keyof typeof PIPELINES;

/** @param batchSpans as many as our own takes, by default */
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
  const load = loadOf(processor);
  return {
    spans: (count) => {
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
      credentials: credentials.createInsecure(),
      channelOptions: { 'grpc.max_reconnect_backoff_ms': 2000 },
      metadata: async () => new Metadata(),
    },
    otlp: loadOtlp(),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return {
    spans: loadOf(delivery),
    pending: () => delivery.status().queued,
    flush: () => delivery.forceFlush(),
  };
}

function loadOf(processor: SpanProcessor): (count: number) => void {
  const resource = resourceFromAttributes({ 'service.name': 'bench', 'service.version': '1.0.0' });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  return spanLoad(provider.getTracer('@hatchet-ts/bench', '1.0.0'));
}
