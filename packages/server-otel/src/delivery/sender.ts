import type { OtlpClient } from '@hatchet-ts/otlp/client';
import { type ExportResult, exportRequest } from '@hatchet-ts/otlp/export-result';
import { type RequestPart, RequestParts, TRACES } from '@hatchet-ts/otlp/request-parts';
import type { SizeLimit } from '@hatchet-ts/otlp/size-limit';
import type { Batch } from './batch.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { DeliveryLog } from './delivery-log.ts';
import type { DeliveryLimits } from './limits.ts';

export interface SenderOptions {
  readonly limits: DeliveryLimits;
  readonly counts: DeliveryCounts;
  readonly log: DeliveryLog;
  readonly client: OtlpClient;
  readonly sizeLimit: SizeLimit;
  /** Runs `fn` soon, outside of any request. */
  readonly schedule: (fn: () => Promise<void>) => void;
  /** Called when the first call of a batch delivered it: nothing else holds its memory, which may be reused. */
  readonly onDelivered: (batch: Batch) => void;
  /** Called after each call, with its duration and the gRPC status of a failure. */
  readonly onCall: (seconds: number, failure: string | undefined) => void;
}

/** A batch on its way. */
interface SentBatch {
  readonly batch: Batch;
  readonly parts: RequestParts;
  readonly firstTriedAt: number;
  calls: number;
}

/**
 * Sends batches to the collector in order, one call at a time, until each is delivered or given up. A batch that is too
 * large for the collector is sent in parts.
 */
export class Sender {
  /** Size of the requests that wait or are being sent. */
  bytes = 0;
  readonly #options: SenderOptions;
  readonly #queue: Batch[] = [];
  readonly #pause = new Pause();
  #isSending = false;
  #isClosed = false;
  #failures = 0;
  /** The batch at the head, once it has been tried. */
  #head: SentBatch | undefined;
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

  /** True if the last call failed and is to be retried. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /**
   * Delivers what is queued, in a process that ends and waits for nothing asynchronous.
   *
   * @param send sends the requests in order until one fails; returns the number of rejected spans of each accepted one
   */
  deliverNow(send: (requests: readonly Buffer[]) => readonly number[]): void {
    const { counts } = this.#options;
    for (const rejected of send(this.#queue.map(({ request }) => request))) {
      const spans = this.#head?.parts.items ?? this.#queue[0]?.spans ?? 0;
      counts.acknowledge(spans - Math.min(rejected, spans));
      counts.drop('rejected', Math.min(rejected, spans));
      this.#settle();
    }
  }

  /** Gives up all undelivered batches. */
  close(): void {
    this.#isClosed = true;
    const { client, counts } = this.#options;
    while (this.#queue.length > 0) {
      counts.drop('shutdown', this.#head?.parts.items ?? this.#queue[0]?.spans ?? 0);
      this.#settle();
    }
    counts.inFlight = 0;
    client.close();
    this.#pause.end();
  }

  async #deliver(): Promise<void> {
    const { counts, limits, sizeLimit } = this.#options;
    try {
      for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
        const now = performance.now();
        this.#head ??= {
          batch,
          parts: new RequestParts(batch.request, TRACES, sizeLimit, batch.spans),
          firstTriedAt: now,
          calls: 0,
        };
        const { firstTriedAt, parts } = this.#head;
        const part = parts.next();
        if (part === undefined) this.#settle();
        else if (now - firstTriedAt >= limits.retryMillis) {
          counts.drop('expired', parts.items);
          this.#settle();
        } else {
          const result = part.isKnownTooLarge ? KNOWN_TOO_LARGE : await this.#export(part, this.#head);
          if (this.#isClosed) break;
          await this.#record(result, part, this.#head);
        }
      }
    } finally {
      this.#isSending = false;
    }
  }

  async #export(part: RequestPart, sent: SentBatch): Promise<ExportResult> {
    const { client, counts, limits, onCall } = this.#options;
    const start = performance.now();
    sent.calls++;
    counts.inFlight = part.items;
    const result = await exportRequest(client, part.bytes, limits.callMillis);
    counts.inFlight = 0;
    const seconds = (performance.now() - start) / 1000;
    try {
      onCall(seconds, result.kind === 'accepted' ? undefined : result.status);
    } catch {
      // A meter that throws costs a measurement, not the export.
    }
    return result;
  }

  async #record(result: ExportResult, part: RequestPart, { batch, calls, parts }: SentBatch): Promise<void> {
    const { counts, log, onDelivered } = this.#options;
    if (result.kind === 'retry') {
      counts.lastError = result.error;
      log.retrying(result.error);
      await this.#backOff(result.afterMillis);
      return;
    }
    this.#failures = 0;
    if (result.kind === 'too large') {
      const lost = parts.refuse();
      if (lost > 0) this.#refused(result.error, lost);
    } else if (result.kind === 'refused') {
      const { items } = part;
      parts.settle({ passed: false });
      this.#refused(result.error, items);
    } else {
      if (calls === 1 && part.bytes === batch.request) onDelivered(batch);
      const { items } = part;
      parts.settle({ passed: true });
      this.#accepted(items, result);
    }
  }

  #refused(error: string, spans: number): void {
    const { counts, log } = this.#options;
    counts.lastError = error;
    counts.drop('refused', spans);
    log.refused(error);
  }

  #accepted(spans: number, { rejected: reported, message }: { rejected: number; message: string }): void {
    const { counts, log } = this.#options;
    const rejected = Math.min(reported, spans);
    counts.acknowledge(spans - rejected);
    if (rejected > 0) {
      counts.lastError = `rejected ${rejected} spans: ${message}`;
      counts.drop('rejected', rejected);
      log.refused(counts.lastError);
    } else {
      log.accepted();
      if (message !== '') log.advice(message);
    }
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
    this.#head = undefined;
    this.#settledBatches++;
    this.#waiting = this.#waiting.filter(({ batch, resolve }) => {
      if (batch <= this.#settledBatches) resolve();
      return batch > this.#settledBatches;
    });
  }
}

/** The error was logged and counted with the smaller part that the collector refused. */
const KNOWN_TOO_LARGE: ExportResult = {
  kind: 'too large',
  status: 'RESOURCE_EXHAUSTED',
  error: 'span is larger than another one that the collector refused for its size',
};

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
