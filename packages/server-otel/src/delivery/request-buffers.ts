/**
 * Memory for requests. What waits takes exactly its size; full batches, which come one after the other when there is
 * much to send, take turns in a few buffers, because the collection of a buffer of 1 MiB costs more than its content.
 */
export class RequestBuffers {
  readonly #size: number;
  readonly #spare: ArrayBuffer[] = [];

  /** @param batchBytes what the spans of a full batch take, at most */
  constructor(batchBytes: number) {
    this.#size = batchBytes + HEADERS;
  }

  take(size: number): Buffer {
    const full = size <= this.#size && size > this.#size - this.#size / 8;
    if (!full) return Buffer.allocUnsafeSlow(size);
    return Buffer.from(this.#spare.pop() ?? new ArrayBuffer(this.#size), 0, size);
  }

  /** For the next request; nobody may read this one any more. */
  giveBack({ buffer }: Buffer): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === this.#size && this.#spare.length < KEPT) {
      this.#spare.push(buffer);
    }
  }
}

/** Room for the resource and the scopes. */
const HEADERS = 16 * 1024;
const KEPT = 3;
