/** Queue of items for one consumer: the sending half of a stream. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  put(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *take(signal: AbortSignal): AsyncGenerator<T> {
    signal.addEventListener('abort', () => this.#wake?.());
    while (!this.#closed && !signal.aborted) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
