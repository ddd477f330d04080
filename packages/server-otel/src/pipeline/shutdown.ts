/** What a shutdown needs of a pipeline. */
export interface Stoppable {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  close(): void;
}

/**
 * A `shutdown` that delivers what it can in a bounded time, always closes the connections, never rejects and
 * happens once. The SDK's own does neither: it rejects when the last flush fails, and then leaves the exporter open.
 *
 * @param finished called at the end with whether everything was done in time
 */
export function shutdownOnce(
  pipelines: readonly Stoppable[],
  timeoutMillis: number,
  finished: (complete: boolean) => void,
): () => Promise<void> {
  let done: Promise<void> | undefined;
  const run = async () => {
    const delivered = Promise.all(pipelines.map(stop)).then(() => true);
    const complete = await Promise.race([delivered, expiry(timeoutMillis)]);
    for (const pipeline of pipelines) pipeline.close();
    finished(complete);
  };
  return () => {
    done ??= run();
    return done;
  };
}

async function stop(pipeline: Stoppable): Promise<void> {
  await Promise.allSettled([pipeline.forceFlush()]);
  await Promise.allSettled([pipeline.shutdown()]);
}

function expiry(millis: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, millis, false).unref());
}
