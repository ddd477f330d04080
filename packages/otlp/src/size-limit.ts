/**
 * Largest request that a receiver takes, as far as its answers show. Shared by all requests of one client, so that a
 * receiver's limit costs its refusals once and not with every batch.
 */
export class SizeLimit {
  readonly #configured: number;
  #largestPassed = 0;
  #smallestRefused = Number.POSITIVE_INFINITY;

  /** @param configured limit in bytes that no answer can raise */
  constructor(configured: number) {
    this.#configured = configured;
  }

  /**
   * Limit of the next requests in bytes: the largest size that has passed, or half of the smallest size that was refused
   * if that is more. The half is what the exporter would try next.
   */
  get bytes(): number {
    if (this.#smallestRefused === Number.POSITIVE_INFINITY) return this.#configured;
    const known = Math.max(this.#largestPassed, Math.floor(this.#smallestRefused / 2));
    return Math.min(this.#configured, Math.max(SMALLEST_LIMIT, known));
  }

  /** Records that a request of this size was accepted. A larger one than the last refused: the receiver has changed. */
  passed(size: number): void {
    this.#largestPassed = Math.max(this.#largestPassed, size);
    if (size >= this.#smallestRefused) this.#smallestRefused = Number.POSITIVE_INFINITY;
  }

  /** Records that a request was refused for its size. A smaller one than the last accepted: the receiver has changed. */
  refused(size: number): void {
    this.#smallestRefused = Math.min(this.#smallestRefused, size);
    if (this.#largestPassed >= size) this.#largestPassed = 0;
  }
}

/** A receiver that refuses every size must not make each span a call of its own. */
const SMALLEST_LIMIT = 16 * 1024;
