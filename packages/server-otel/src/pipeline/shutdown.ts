/** What a shutdown needs of a pipeline. */
export interface Stoppable {
  /** Delivers what waits; may take as long as it likes, and may reject. */
  shutdown(): Promise<void>;
  /** Gives up what is not delivered and closes the connection. */
  close(): void;
}

/**
 * A `shutdown` that delivers what it can in a bounded time, always closes the connections, never rejects and
 * happens once. The SDK's own does neither: it rejects when the last flush fails, and then leaves the exporter open.
 *
 * @param pipelines one after the other: the last metrics count the last spans
 * @param finished called at the end
 */
export function shutdownOnce(
  pipelines: readonly Stoppable[],
  timeoutMillis: number,
  finished: () => void,
): () => Promise<void> {
  let done: Promise<void> | undefined;
  const run = async () => {
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMillis);
    await Promise.race([stopAll(pipelines), expired]);
    clearTimeout(timer);
    for (const pipeline of pipelines) pipeline.close();
    finished();
  };
  return () => {
    done ??= run();
    return done;
  };
}

async function stopAll(pipelines: readonly Stoppable[]): Promise<void> {
  for (const pipeline of pipelines) await Promise.allSettled([pipeline.shutdown()]);
}
