/** Something that runs until it is stopped. A second `stop()` has no effect. */
export interface Resource {
  stop(): unknown;
}

/** Resources of one owner. They stop together in reverse order; one that fails to stop does not keep the others running. */
export class Resources implements Resource {
  readonly #stops: (() => unknown)[] = [];

  /** Adds a resource and returns it. */
  use<T extends Resource>(resource: T): T {
    this.defer(() => resource.stop());
    return resource;
  }

  /** Adds a function that runs at {@link stop}. */
  defer(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  /** @throws the error of a resource that failed to stop; an AggregateError if there are several */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
