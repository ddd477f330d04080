import { AsyncLocalStorage } from 'node:async_hooks';
import { settlesWithin } from '@hatchet-ts/internal/deadline';
import { OtlpClient, TRACES_METHOD } from '@hatchet-ts/otlp/client';
import { SizeLimit } from '@hatchet-ts/otlp/size-limit';
import { context, type MeterProvider, ROOT_CONTEXT, TraceFlags } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Collector } from '../collector/collector.ts';
import type { TelemetryLogger } from '../logger.ts';
import type { OtlpModules } from '../modules.ts';
import { RequestBuffers } from './batch.ts';
import { Batcher } from './batcher.ts';
import { DeliveryCounts, type DeliveryStatus } from './delivery-counts.ts';
import { DeliveryLog } from './delivery-log.ts';
import { DeliveryMetrics } from './delivery-metrics.ts';
import { DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts';
import { Sender } from './sender.ts';

export interface SpanDeliveryOptions {
  readonly collector: Omit<Collector, 'hasAuth'>;
  readonly otlp: Pick<OtlpModules, 'grpc'>;
  readonly logger: TelemetryLogger;
  /** Limits that differ from `DELIVERY_LIMITS`. */
  readonly limits?: Partial<DeliveryLimits> | undefined;
  /** Provider for the delivery's own metrics. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Delivers spans to the collector: encodes each span when it ends (`Batcher`), queues the encoded batches and sends them
 * (`Sender`). It never throws into a request, delays it by the encoding only, and is not traced itself.
 */
export class SpanDelivery implements SpanProcessor {
  readonly #limits: DeliveryLimits;
  readonly #counts = new DeliveryCounts();
  readonly #log: DeliveryLog;
  readonly #batcher: Batcher;
  readonly #sender: Sender;
  readonly #logger: TelemetryLogger;
  #isClosed = false;
  #shutdown: Promise<void> | undefined;

  constructor({ collector, otlp, logger, meterProvider, ...options }: SpanDeliveryOptions) {
    const endpoint = collector.address;
    const limits = { ...DELIVERY_LIMITS, ...options.limits };
    const counts = this.#counts;
    const runDetached = createDetachedRunner();
    const sizeLimit = new SizeLimit(limits.batchBytes);
    const buffers = new RequestBuffers(limits.batchBytes);
    const metrics = meterProvider && new DeliveryMetrics(meterProvider, counts, limits.queueSpans, endpoint);
    this.#limits = limits;
    this.#logger = logger;
    this.#log = new DeliveryLog({ logger, endpoint, counts, limits });
    this.#sender = new Sender({
      limits,
      counts,
      log: this.#log,
      client: new OtlpClient(otlp.grpc, collector, TRACES_METHOD),
      sizeLimit,
      schedule: (fn) => {
        const recordError = (error: unknown) => {
          counts.lastError = String(error);
        };
        setImmediate(() => void runDetached(fn).catch(recordError));
      },
      onDelivered: ({ request }) => buffers.release(request),
      onCall: (seconds, failure) => metrics?.recordCall(seconds, failure),
    });
    this.#batcher = new Batcher({
      limits,
      sizeLimit,
      allocate: (size) => buffers.take(size),
      onBatch: (batch) => this.#sender.push(batch),
      onFailure: (spans) => counts.drop('encoding_failed', spans),
      schedule: (fn, millis) => runDetached(() => setTimeout(fn, millis).unref()),
    });
  }

  status(): DeliveryStatus {
    return this.#counts.status();
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    try {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.#enqueue(span);
    } catch {
      this.#counts.reject('encoding_failed');
    }
  }

  /** Sends all queued spans and resolves when they are settled, at the latest after `flushMillis`. Never rejects. */
  forceFlush(): Promise<void> {
    return this.#flush(this.#limits.flushMillis);
  }

  /** Delivers what it can within `shutdownMillis`, closes the connection and logs the final counts. Never rejects. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#flush(this.#limits.shutdownMillis).then(() => this.close());
    return this.#shutdown;
  }

  /**
   * Settles all spans in a process that ends and waits for nothing asynchronous.
   *
   * @param send sends requests synchronously, see `Sender.deliverNow`; without it, undelivered spans are given up
   */
  settleNow(send: ((requests: readonly Buffer[]) => readonly number[]) | undefined): void {
    if (this.#isClosed) return;
    this.#batcher.sealNow();
    if (send !== undefined && this.#counts.queued > 0 && !this.#sender.isFailing) this.#sender.deliverNow(send);
    if (this.#counts.queued > 0) this.close();
  }

  /** Gives up all undelivered spans and closes the connection at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#batcher.seal();
    this.#isClosed = true;
    this.#sender.close();
    const status = this.status();
    if (status.droppedBy.shutdown > 0) {
      this.#logger.warn({ ...status }, 'telemetry was shut down with undelivered spans; dropping them');
    } else this.#logger.info({ ...status }, 'telemetry was shut down');
  }

  #enqueue(span: ReadableSpan): void {
    const { queueBytes, queueSpans } = this.#limits;
    const counts = this.#counts;
    if (this.#isClosed) {
      counts.reject('shutdown');
      return;
    }
    const room = queueBytes - this.#sender.bytes - this.#batcher.bytes;
    if (counts.queued < queueSpans && room > 0 && this.#batcher.add(span, room)) counts.enqueue();
    else {
      counts.reject('queue_full');
      this.#log.queueFull();
    }
  }

  async #flush(millis: number): Promise<void> {
    this.#batcher.seal();
    await settlesWithin(
      this.#batcher.sealed().then(() => this.#sender.drain()),
      millis,
    );
  }
}

/**
 * Creates a function that runs others outside of any request: what they do is not traced, and a timer or call of the
 * exporter does not keep the async storage of a request alive. Called when the process starts, outside of requests.
 */
function createDetachedRunner(): <T>(fn: () => T) => T {
  const runInInitialScope = AsyncLocalStorage.snapshot();
  const suppressed = suppressTracing(ROOT_CONTEXT);
  return (fn) => runInInitialScope(() => context.with(suppressed, fn));
}
