import { ServerError, Status } from 'nice-grpc';

/** Queue of messages to a stream: any unit sends, and the call that serves the stream reads. */
export class Outbox<Message> {
  readonly #messages: Message[] = [];
  #ended: Error | 'done' | undefined;
  #arrived: () => void = () => {};

  send(message: Message): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#arrived();
  }

  /** Ends the stream with an error. After a clean end the SDK would reconnect at once, in a tight loop. */
  fail(error: Error): void {
    this.#ended ??= error;
    this.#arrived();
  }

  /** Ends the stream cleanly, after the messages sent so far. */
  end(): void {
    this.#ended ??= 'done';
    this.#arrived();
  }

  /** Yields messages until `end`, `fail`, the client's disconnection or the engine's stop. */
  async *messages(client: AbortSignal, stopping: AbortSignal): AsyncGenerator<Message, void, undefined> {
    const ended = AbortSignal.any([client, stopping]);
    const end = () => this.fail(new ServerError(Status.UNAVAILABLE, 'the engine is stopping; reconnect'));
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
