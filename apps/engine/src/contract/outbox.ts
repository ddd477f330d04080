import { ServerError, Status } from 'nice-grpc';

/** Messages on their way into a stream: written by anyone, read by the one call that serves the stream. */
export class Outbox<Message> {
  readonly #messages: Message[] = [];
  #ended: Error | 'done' | undefined;
  #arrived: () => void = () => {};

  send(message: Message): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#arrived();
  }

  /** Ends the stream with an error: after a clean end the SDK would be back at once, again and again. */
  fail(error: Error): void {
    this.#ended ??= error;
    this.#arrived();
  }

  /** Ends the stream without an error, after what was sent. */
  end(): void {
    this.#ended ??= 'done';
    this.#arrived();
  }

  /** Everything that is sent, until `end`, `fail`, until the client is gone, or until the engine stops. */
  async *messages(client: AbortSignal, stopping: AbortSignal): AsyncGenerator<Message, void, undefined> {
    const ended = AbortSignal.any([client, stopping]);
    const end = () => this.fail(new ServerError(Status.UNAVAILABLE, 'the engine is stopping: come back soon'));
    ended.addEventListener('abort', end, { once: true });
    if (ended.aborted) end();
    try {
      while (!client.aborted) {
        const message = this.#messages.shift();
        if (message !== undefined) yield message;
        else if (this.#ended === 'done') return;
        else if (this.#ended) throw this.#ended;
        else await this.#arrival();
      }
    } finally {
      ended.removeEventListener('abort', end);
    }
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }
}
