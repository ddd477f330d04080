import { type MeterProvider, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TelemetryLogger } from '../logger.ts';
import type { Batch } from './batch.ts';
import { Batcher } from './batcher.ts';
import { Books, type DeliveryStatus } from './books.ts';
import { Conditions } from './conditions.ts';
import { DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts';
import { outside } from './outside.ts';
import { RequestBuffers } from './request-buffers.ts';
import { SelfMetrics } from './self-metrics.ts';
import { Sender } from './sender.ts';
import { type TraceCollector, TraceService } from './trace-service.ts';

export interface SpanDeliveryOptions {
  readonly collector: TraceCollector;
  readonly logger: TelemetryLogger;
  /** Those that differ from `DELIVERY_LIMITS`. */
  readonly limits?: Partial<DeliveryLimits> | undefined;
  /** Where the measurements of the delivery itself go. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Takes spans to the collector. A span is encoded when it ends, so that what waits is bytes; nothing that happens here
 * throws into a request, delays it by more than that, or is traced.
 */
export class SpanDelivery implements SpanProcessor {
  readonly #limits: DeliveryLimits;
  readonly #books = new Books();
  readonly #conditions: Conditions;
  readonly #batcher: Batcher;
  readonly #sender: Sender;
  readonly #metrics: SelfMetrics | undefined;
  readonly #logger: TelemetryLogger;
  #closed = false;
  #stopped: Promise<void> | undefined;

  constructor(grpc: typeof import('@grpc/grpc-js'), options: SpanDeliveryOptions) {
    const { collector, logger, meterProvider } = options;
    const endpoint = collector.address;
    const limits = { ...DELIVERY_LIMITS, ...options.limits };
    const books = this.#books;
    const apart = outside();
    const memory = new RequestBuffers(limits.batchBytes);
    this.#limits = limits;
    this.#logger = logger;
    this.#conditions = new Conditions({ logger, endpoint, books, limits });
    this.#metrics = meterProvider && new SelfMetrics(meterProvider, books, limits.queueSpans, endpoint);
    this.#sender = new Sender({
      limits,
      books,
      conditions: this.#conditions,
      service: new TraceService(grpc, collector),
      start: (fn) => setImmediate(() => void apart(fn)),
      delivered: ({ request }) => memory.giveBack(request),
      called: (seconds, failure) => this.#metrics?.called(seconds, failure),
    });
    this.#batcher = new Batcher({
      limits,
      allocate: (size) => memory.take(size),
      sealed: (batch: Batch) => this.#sender.push(batch),
      failed: (spans) => books.drop('encoding_failed', spans),
      later: (fn, millis) => apart(() => setTimeout(fn, millis).unref()),
    });
  }

  /** What became of the spans so far. */
  status(): DeliveryStatus {
    return this.#books.status();
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    try {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.#take(span);
    } catch {
      this.#books.turnAway('encoding_failed');
    }
  }

  /** Sends what waits and resolves when it is answered; after `flushMillis` also when it is not. Never rejects. */
  forceFlush(): Promise<void> {
    return this.#flush(this.#limits.flushMillis);
  }

  /** Delivers what it can within `shutdownMillis`, closes the connection, logs what became of all. Never rejects. */
  shutdown(): Promise<void> {
    this.#stopped ??= this.#flush(this.#limits.shutdownMillis).then(() => this.close());
    return this.#stopped;
  }

  /** Gives up what is not delivered and closes the connection, at once. */
  close(): void {
    if (this.#closed) return;
    this.#batcher.seal();
    this.#closed = true;
    this.#sender.close();
    const status = this.status();
    if (status.droppedBy.shutdown > 0) {
      this.#logger.warn({ ...status }, 'Telemetry was shut down before everything was delivered');
    } else this.#logger.info({ ...status }, 'Telemetry was shut down');
  }

  #take(span: ReadableSpan): void {
    const { queueBytes, queueSpans } = this.#limits;
    const books = this.#books;
    if (this.#closed) {
      books.turnAway('shutdown');
      return;
    }
    const room = queueBytes - this.#sender.bytes - this.#batcher.bytes;
    if (books.queued < queueSpans && room > 0 && this.#batcher.add(span, room)) books.enqueue();
    else {
      books.turnAway('queue_full');
      this.#conditions.full();
    }
  }

  async #flush(millis: number): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    // Not unreferenced: nobody else may hold the process while it waits for this.
    const timer = setTimeout(resolve, millis);
    this.#batcher.seal();
    const delivered = this.#batcher.settled().then(() => this.#sender.drained());
    await Promise.race([delivered, expired]);
    clearTimeout(timer);
  }
}
