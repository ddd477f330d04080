import type { CollectorClient } from '../collector/collector-client.ts';
import type { Batch } from './batch.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import { type DeliveryLog, ignoreErrors } from './delivery-log.ts';
import { type ExportResult, exportSpans, type ResponseReader } from './export-result.ts';
import type { DeliveryLimits } from './limits.ts';

export interface SenderOptions {
  readonly limits: DeliveryLimits;
  readonly counts: DeliveryCounts;
  readonly log: DeliveryLog;
  readonly client: CollectorClient;
  readonly responses: ResponseReader;
  /** Runs `fn` soon, outside of any request. */
  readonly schedule: (fn: () => Promise<void>) => void;
  /** Called when the collector has a batch; its memory may be reused. */
  readonly onDelivered: (batch: Batch) => void;
  /** Called after each call, with its duration and the gRPC status of a failure. */
  readonly onCall: (seconds: number, failure: string | undefined) => void;
}

/** Sends batches to the collector in order, one call at a time, until each is delivered or given up. */
export class Sender {
  /** Size of the requests that wait or are being sent. */
  bytes = 0;
  readonly #options: SenderOptions;
  readonly #queue: Batch[] = [];
  readonly #pause = new Pause();
  #isSending = false;
  #isClosed = false;
  #failures = 0;
  /** Time of the first call for the batch at the head. */
  #firstTriedAt: number | undefined;
  #settledBatches = 0;
  #waiting: Array<{ readonly batch: number; readonly resolve: () => void }> = [];

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  push(batch: Batch): void {
    if (this.#isClosed) {
      this.#options.counts.drop('shutdown', batch.spans);
      return;
    }
    this.#queue.push(batch);
    this.bytes += batch.request.length;
    if (this.#isSending) return;
    this.#isSending = true;
    this.#options.schedule(() => this.#deliver());
  }

  /** Resolves when every batch queued now is settled. Ends a back-off early, but not a delay that the collector demanded. */
  drain(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    this.#pause.end();
    return new Promise((resolve) => {
      this.#waiting.push({ batch: this.#settledBatches + this.#queue.length, resolve });
    });
  }

  /** Gives up all undelivered batches. */
  close(): void {
    this.#isClosed = true;
    while (this.#queue.length > 0) {
      this.#options.counts.drop('shutdown', this.#queue[0]?.spans ?? 0);
      this.#settle();
    }
    this.#options.counts.inFlight = 0;
    this.#options.client.close();
    this.#pause.end();
  }

  async #deliver(): Promise<void> {
    const { counts, limits } = this.#options;
    try {
      for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
        const now = performance.now();
        if (this.#firstTriedAt !== undefined && now - this.#firstTriedAt >= limits.retryMillis) {
          counts.drop('expired', batch.spans);
          this.#settle();
          continue;
        }
        this.#firstTriedAt ??= now;
        const result = await this.#export(batch);
        if (this.#isClosed) break;
        await this.#record(batch, result);
      }
    } finally {
      this.#isSending = false;
    }
  }

  async #export(batch: Batch): Promise<ExportResult> {
    const { client, counts, limits, onCall, responses } = this.#options;
    const start = performance.now();
    counts.inFlight = batch.spans;
    const result = await exportSpans(client, responses, batch.request, limits.callMillis);
    counts.inFlight = 0;
    const seconds = (performance.now() - start) / 1000;
    ignoreErrors(() => onCall(seconds, result.kind === 'accepted' ? undefined : result.status));
    return result;
  }

  async #record(batch: Batch, result: ExportResult): Promise<void> {
    const { counts, log, onDelivered } = this.#options;
    if (result.kind === 'retry') {
      counts.lastError = result.error;
      log.retrying(result.error);
      await this.#backOff(result.afterMillis);
      return;
    }
    this.#failures = 0;
    if (result.kind === 'refused') {
      counts.lastError = result.error;
      counts.drop('refused', batch.spans);
      log.refused(result.error);
    } else {
      onDelivered(batch);
      const rejected = Math.min(result.rejected, batch.spans);
      counts.acknowledge(batch.spans - rejected);
      if (rejected > 0) {
        counts.lastError = `rejected ${rejected} spans: ${result.message}`;
        counts.drop('rejected', rejected);
        log.refused(counts.lastError);
      } else log.accepted();
    }
    this.#settle();
  }

  /** Waits before the next try: a delay that the collector demanded in full, our own back-off until `drain` ends it. */
  async #backOff(demandedMillis = 0): Promise<void> {
    const { client, limits } = this.#options;
    this.#failures++;
    const now = performance.now();
    const jitter = Math.random() * Math.min(limits.firstBackoffMillis, demandedMillis);
    const earliest = now + Math.min(demandedMillis, limits.retryMillis) + jitter;
    // A demanded delay of 0 must not become a tight loop.
    const end = Math.max(earliest, now + backoffMillis(this.#failures, client.isConnected, limits));
    do await this.#pause.wait(end - performance.now());
    while (!this.#isClosed && performance.now() < earliest);
  }

  /** Removes the batch at the head, delivered or given up. */
  #settle(): void {
    this.bytes -= this.#queue.shift()?.request.length ?? 0;
    this.#firstTriedAt = undefined;
    this.#settledBatches++;
    this.#waiting = this.#waiting.filter(({ batch, resolve }) => {
      if (batch <= this.#settledBatches) resolve();
      return batch > this.#settledBatches;
    });
  }
}

/**
 * Back-off after the n-th failure in a row: doubles each time, and a random part of up to a half is left out, so that
 * the services of an installation do not retry all at once.
 */
function backoffMillis(failures: number, isConnected: boolean, limits: DeliveryLimits): number {
  const { firstBackoffMillis, longestBackoffMillis, reconnectMillis } = limits;
  const longest = isConnected ? longestBackoffMillis : reconnectMillis;
  return Math.min(longest, firstBackoffMillis * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

/** A pause that can be ended early. Its timer does not keep the process alive. */
class Pause {
  #end: (() => void) | undefined;

  async wait(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(Math.max(millis, 0), LONGEST_TIMER)).unref();
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  end(): void {
    this.#end?.();
  }
}

const LONGEST_TIMER = 2 ** 31 - 1;
