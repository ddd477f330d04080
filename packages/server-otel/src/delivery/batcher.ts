import type { SizeLimit } from '@hatchet-ts/otlp/size-limit';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { type Batch, OpenBatch, WriterPool } from './batch.ts';
import type { DeliveryLimits } from './limits.ts';

export interface BatcherOptions {
  readonly limits: DeliveryLimits;
  /** Limit of a request, with resource and scopes. */
  readonly sizeLimit: SizeLimit;
  /** Returns memory for a request. */
  readonly allocate: (size: number) => Buffer;
  readonly onBatch: (batch: Batch) => void;
  /** Called with the number of spans of which no request could be made. */
  readonly onFailure: (spans: number) => void;
  /** Runs `fn` later, outside of the request whose span was added. */
  readonly schedule: (fn: () => void, millis: number) => NodeJS.Timeout;
}

/** Encodes spans into batches and seals a batch when it is large or old enough. */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #writers = new WriterPool();
  #open: OpenBatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Closed batches whose resource still detects attributes. */
  #detecting: OpenBatch[] = [];
  #detection: Promise<void> | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Size of the spans that are not sealed. */
  get bytes(): number {
    let bytes = this.#open?.bytes ?? 0;
    for (const batch of this.#detecting) bytes += batch.bytes;
    return bytes;
  }

  /**
   * Adds a span, unless its encoding is larger than `room`.
   *
   * @throws the error of encoding the span, which is then not added
   */
  add(span: ReadableSpan, room: number): boolean {
    const { limits, sizeLimit } = this.#options;
    const batchBytes = sizeLimit.bytes;
    let batch = this.#openFor(span.resource);
    const { spans } = batch;
    let tooLarge = false;
    const fits = (size: number) => {
      tooLarge = size > room;
      return !tooLarge && (spans === 0 || batch.requestBytes + size <= batchBytes);
    };
    if (!batch.add(span, fits)) {
      if (tooLarge) return false;
      this.seal();
      batch = this.#openFor(span.resource);
      batch.add(span, () => true);
    }
    if (batch.spans >= limits.batchSpans || batch.requestBytes >= batchBytes) this.seal();
    return true;
  }

  /** Closes the open batch. */
  seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#open;
    this.#open = undefined;
    if (batch === undefined || batch.spans === 0) return;
    if (this.#detection === undefined && !batch.resource.asyncAttributesPending) this.#finish(batch);
    else {
      this.#detecting.push(batch);
      this.#detection ??= this.#awaitDetection();
    }
  }

  /** Closes the open batch and seals all without waiting for their resource: a process that ends waits for nothing. */
  sealNow(): void {
    this.seal();
    for (const batch of this.#detecting.splice(0)) this.#finish(batch);
  }

  /** Resolves when all closed batches are sealed. */
  async sealed(): Promise<void> {
    await this.#detection;
  }

  #openFor(resource: Resource): OpenBatch {
    if (this.#open !== undefined && this.#open.resource !== resource) this.seal();
    if (this.#open === undefined) {
      this.#open = new OpenBatch(resource, this.#writers);
      this.#timer = this.#options.schedule(() => this.seal(), this.#options.limits.batchMillis);
    }
    return this.#open;
  }

  async #awaitDetection(): Promise<void> {
    for (;;) {
      const [batch] = this.#detecting;
      if (batch === undefined) break;
      if (batch.resource.asyncAttributesPending) await this.#attributesOf(batch.resource);
      this.#detecting.shift();
      this.#finish(batch);
    }
    this.#detection = undefined;
  }

  /** Bounded: a detector that never resolves costs its attributes, not the spans. */
  async #attributesOf(resource: Resource): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.schedule(resolve, DETECTION_MILLIS);
    await Promise.race([Promise.resolve(resource.waitForAsyncAttributes?.()).catch(() => {}), expired]);
    clearTimeout(timer);
  }

  #finish(batch: OpenBatch): void {
    let sealed: Batch;
    try {
      sealed = batch.seal(this.#options.allocate);
    } catch {
      this.#options.onFailure(batch.spans);
      return;
    }
    this.#options.onBatch(sealed);
  }
}

const DETECTION_MILLIS = 5000;
