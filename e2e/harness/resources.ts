/** Something that runs until it is stopped. Stopping it twice is stopping it once. */
export interface Resource {
  stop(): Promise<void>;
}

/**
 * What one owner has started: it is stopped together, the last one first, and one that fails to stop does not keep
 * the others running.
 */
export class Resources implements Resource {
  readonly #stops: (() => Promise<void>)[] = [];

  use<T extends Resource>(resource: T): T {
    this.defer(() => resource.stop());
    return resource;
  }

  defer(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** @throws AggregateError with everything that failed to stop; that error itself when it is one */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) {
      await stop().catch((error) => errors.push(error));
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'));
  }
}
