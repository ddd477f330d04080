import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Batch, OpenBatch, SpareWriters } from './batch.ts';
import type { DeliveryLimits } from './limits.ts';

export interface BatcherOptions {
  readonly limits: DeliveryLimits;
  /** Memory for a request. */
  readonly allocate: (size: number) => Buffer;
  readonly sealed: (batch: Batch) => void;
  /** So many spans could not be made a request. */
  readonly failed: (spans: number) => void;
  /** Runs `fn` later, outside whatever the span that came belongs to. */
  readonly later: (fn: () => void, millis: number) => NodeJS.Timeout;
}

/** Collects encoded spans into batches and seals these when they are large or old enough. */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #spare = new SpareWriters();
  #open: OpenBatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Complete, but attributes of their resource are still on their way. */
  #unnamed: OpenBatch[] = [];
  #naming: Promise<void> | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Bytes of the spans that are not sealed. */
  get bytes(): number {
    let bytes = this.#open?.bytes ?? 0;
    for (const batch of this.#unnamed) bytes += batch.bytes;
    return bytes;
  }

  /**
   * Adds a span, unless its encoding is larger than `room`.
   *
   * @throws what the span throws when it is read; nothing is added then
   */
  add(span: ReadableSpan, room: number): boolean {
    const { batchBytes, batchSpans } = this.#options.limits;
    let batch = this.#openFor(span.resource);
    const { bytes, spans } = batch;
    let tooLarge = false;
    const fits = (size: number) => {
      tooLarge = size > room;
      return !tooLarge && (spans === 0 || bytes + size <= batchBytes);
    };
    if (!batch.add(span, fits)) {
      if (tooLarge) return false;
      this.seal();
      batch = this.#openFor(span.resource);
      batch.add(span, () => true);
    }
    if (batch.spans >= batchSpans || batch.bytes >= batchBytes) this.seal();
    return true;
  }

  /** Closes the batch that is open. */
  seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#open;
    this.#open = undefined;
    if (batch === undefined || batch.spans === 0) return;
    if (this.#naming === undefined && !batch.resource.asyncAttributesPending) this.#finish(batch);
    else {
      this.#unnamed.push(batch);
      this.#naming ??= this.#name();
    }
  }

  /** Resolves when everything that is closed is sealed. */
  async settled(): Promise<void> {
    await this.#naming;
  }

  #openFor(resource: Resource): OpenBatch {
    if (this.#open !== undefined && this.#open.resource !== resource) this.seal();
    if (this.#open === undefined) {
      this.#open = new OpenBatch(resource, this.#spare);
      this.#timer = this.#options.later(() => this.seal(), this.#options.limits.batchMillis);
    }
    return this.#open;
  }

  async #name(): Promise<void> {
    for (;;) {
      const [batch] = this.#unnamed;
      if (batch === undefined) break;
      if (batch.resource.asyncAttributesPending) await this.#attributesOf(batch.resource);
      this.#unnamed.shift();
      this.#finish(batch);
    }
    this.#naming = undefined;
  }

  /** A detector that never answers costs its attributes, not the spans. */
  async #attributesOf(resource: Resource): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.later(resolve, DETECTION_MILLIS);
    await Promise.race([Promise.resolve(resource.waitForAsyncAttributes?.()).catch(() => {}), expired]);
    clearTimeout(timer);
  }

  #finish(batch: OpenBatch): void {
    let sealed: Batch;
    try {
      sealed = batch.seal(this.#options.allocate);
    } catch {
      this.#options.failed(batch.spans);
      return;
    }
    this.#options.sealed(sealed);
  }
}

const DETECTION_MILLIS = 5000;
