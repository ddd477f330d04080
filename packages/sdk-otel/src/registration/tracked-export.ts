import { type Context, TraceFlags } from '@opentelemetry/api';
import type { StartedSpan } from '../context/span-processor.ts';
import { createBatchProcessor, type HatchetExportProcessor } from '../export/batch-processor.ts';
import type { FoundPeer } from '../export/optional-peer.ts';
import type { FinishedSpan } from './last-batch.ts';
import { PURPOSE, type SpanExporter } from './span-exporters.ts';

/** Queue of the SDK's processor if nothing else is configured. */
const DEFAULT_QUEUE = 2048;

/**
 * The SDK's batch processor with its exporter, and the spans that the exporter has not settled: the processor does not
 * reveal them, and its flush does not wait for a batch that is already on its way.
 */
export class TrackedExport implements HatchetExportProcessor {
  /** Name in `OTEL_TRACES_EXPORTER`. */
  readonly name: string;
  /** Number of sampled spans that have ended. */
  ended = 0;
  /** True if the last batch failed. */
  isFailing = false;
  readonly #batch: HatchetExportProcessor;
  readonly #maxQueueSize: number;
  /** In the order in which the processor sends them. */
  readonly #queued = new Set<unknown>();
  readonly #onTheirWay = new Map<readonly unknown[], Promise<void>>();

  constructor(name: string, exporter: SpanExporter, batching: { readonly maxQueueSize?: number }, sdk: FoundPeer) {
    this.name = name;
    this.#maxQueueSize = batching.maxQueueSize ?? DEFAULT_QUEUE;
    this.#batch = createBatchProcessor(this.#track(exporter), batching, PURPOSE, sdk);
  }

  /** Spans of which no answer has come. */
  get unsettled(): readonly FinishedSpan[] {
    return [...this.#onTheirWay.keys(), [...this.#queued]].flat() as FinishedSpan[];
  }

  onStart(span: StartedSpan, parentContext: Context): void {
    this.#batch.onStart(span, parentContext);
  }

  onEnd(span: FinishedSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) {
      this.ended++;
      if (this.#queued.size < this.#maxQueueSize) this.#queued.add(span);
    }
    this.#batch.onEnd(span);
  }

  async forceFlush(): Promise<void> {
    const flushed = [...this.#queued];
    await this.#batch.forceFlush().catch(() => undefined); // the SDK reports failed batches by itself
    await Promise.all(this.#onTheirWay.values());
    for (const span of flushed) this.#queued.delete(span); // the processor has dropped these
  }

  shutdown(): Promise<void> {
    return this.#batch.shutdown();
  }

  #track(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#dequeue(spans);
        const settled = Promise.withResolvers<void>();
        this.#onTheirWay.set(spans, settled.promise);
        exporter.export(spans, (result) => {
          this.#onTheirWay.delete(spans);
          this.isFailing = result.code !== 0;
          settled.resolve();
          done(result);
        });
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    };
  }

  /** Spans before the first one of a batch were dropped by the processor, whose queue was full. */
  #dequeue(spans: readonly unknown[]): void {
    for (const span of this.#queued) {
      if (span === spans[0]) break;
      this.#queued.delete(span);
    }
    for (const span of spans) this.#queued.delete(span);
  }
}
