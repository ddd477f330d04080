import type { Answer } from './answer.ts';
import type { Batch } from './batch.ts';
import type { Books } from './books.ts';
import type { Conditions } from './conditions.ts';
import type { DeliveryLimits } from './limits.ts';
import { Pause, pauseMillis } from './pause.ts';
import type { TraceService } from './trace-service.ts';

export interface SenderOptions {
  readonly limits: DeliveryLimits;
  readonly books: Books;
  readonly conditions: Conditions;
  readonly service: TraceService;
  /** Starts `fn` soon, outside whatever is running. */
  readonly start: (fn: () => Promise<void>) => void;
  /** The collector has it; its memory may be used again. */
  readonly delivered: (batch: Batch) => void;
  /** A call is over; seconds that it took, and the gRPC status of one that failed. */
  readonly called: (seconds: number, failure: string | undefined) => void;
}

/** Takes batches to the collector in their order, one call at a time, until each is delivered or given up. */
export class Sender {
  /** Of the requests that wait or are on their way. */
  bytes = 0;
  readonly #options: SenderOptions;
  readonly #queue: Batch[] = [];
  readonly #pause = new Pause();
  #sending = false;
  #closed = false;
  #failures = 0;
  /** When the batch at the head was tried first. */
  #triedAt: number | undefined;
  #settled = 0;
  #waiting: Array<{ readonly batch: number; readonly resolve: () => void }> = [];

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  push(batch: Batch): void {
    if (this.#closed) {
      this.#options.books.drop('shutdown', batch.spans);
      return;
    }
    this.#queue.push(batch);
    this.bytes += batch.request.length;
    if (this.#sending) return;
    this.#sending = true;
    this.#options.start(() => this.#deliver());
  }

  /** Resolves when every batch that waits now is settled; tries again at once, unless the collector forbade it. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    this.#pause.end();
    return new Promise((resolve) => {
      this.#waiting.push({ batch: this.#settled + this.#queue.length, resolve });
    });
  }

  /** Gives up what is not delivered. */
  close(): void {
    this.#closed = true;
    while (this.#queue.length > 0) {
      this.#options.books.drop('shutdown', this.#queue[0]?.spans ?? 0);
      this.#settle();
    }
    this.#options.books.inFlight = 0;
    this.#options.service.close();
    this.#pause.end();
  }

  async #deliver(): Promise<void> {
    const { books, limits } = this.#options;
    for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
      const now = performance.now();
      if (this.#triedAt !== undefined && now - this.#triedAt >= limits.retryMillis) {
        books.drop('expired', batch.spans);
        this.#settle();
        continue;
      }
      this.#triedAt ??= now;
      const answer = await this.#call(batch);
      if (this.#closed) break;
      await this.#book(batch, answer);
    }
    this.#sending = false;
  }

  async #call(batch: Batch): Promise<Answer> {
    const { books, called, limits, service } = this.#options;
    const start = performance.now();
    books.inFlight = batch.spans;
    const answer = await service.export(batch.request, limits.callMillis);
    books.inFlight = 0;
    called((performance.now() - start) / 1000, answer.kind === 'accepted' ? undefined : answer.status);
    return answer;
  }

  async #book(batch: Batch, answer: Answer): Promise<void> {
    const { books, conditions, delivered } = this.#options;
    if (answer.kind === 'retry') {
      books.lastError = answer.error;
      conditions.lost(answer.error);
      await this.#wait(answer.afterMillis);
      return;
    }
    this.#failures = 0;
    if (answer.kind === 'refused') {
      books.lastError = answer.error;
      books.drop('refused', batch.spans);
      conditions.refusing(answer.error);
    } else {
      delivered(batch);
      const rejected = Math.min(answer.rejected, batch.spans);
      books.acknowledge(batch.spans - rejected);
      if (rejected > 0) {
        books.lastError = `rejected ${rejected} spans: ${answer.message}`;
        books.drop('rejected', rejected);
        conditions.refusing(books.lastError);
      } else conditions.accepting();
    }
    this.#settle();
  }

  /** What the collector demands is waited for in full, what is our own choice until someone asks for the spans. */
  async #wait(demandedMillis: number | undefined): Promise<void> {
    const { limits, service } = this.#options;
    this.#failures++;
    if (demandedMillis === undefined) {
      await this.#pause.wait(pauseMillis(this.#failures, service.connected, limits));
      return;
    }
    const jitter = Math.random() * Math.min(limits.firstPauseMillis, demandedMillis);
    const end = performance.now() + Math.min(demandedMillis, limits.retryMillis) + jitter;
    while (!this.#closed && performance.now() < end) await this.#pause.wait(end - performance.now());
  }

  /** The batch at the head has left, whichever way. */
  #settle(): void {
    this.bytes -= this.#queue.shift()?.request.length ?? 0;
    this.#triedAt = undefined;
    this.#settled++;
    this.#waiting = this.#waiting.filter(({ batch, resolve }) => {
      if (batch <= this.#settled) resolve();
      return batch > this.#settled;
    });
  }
}
