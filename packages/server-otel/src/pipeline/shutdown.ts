import { settlesWithin } from '@hatchet-ts/internal/deadline';

/** The part of a pipeline that a shutdown needs. */
export interface Stoppable {
  /** Delivers what is queued; may take any time and may reject. */
  shutdown(): Promise<void>;
  /** Gives up what is not delivered and closes the connection. */
  close(): void;
}

/**
 * Creates a `shutdown` that delivers what it can in a bounded time, always closes the connections, never rejects and
 * runs once. The SDK's own shutdown rejects when the last flush fails, and then leaves the exporter open.
 *
 * @param pipelines stopped one after the other: the last metrics count the last spans
 * @param onStopped called at the end
 */
export function createShutdown(
  pipelines: readonly Stoppable[],
  timeoutMillis: number,
  onStopped: () => void,
): () => Promise<void> {
  let done: Promise<void> | undefined;
  const run = async () => {
    const end = performance.now() + timeoutMillis;
    for (const [index, pipeline] of pipelines.entries()) {
      const reserved = RESERVED_SHARE * timeoutMillis * (pipelines.length - 1 - index);
      await settlesWithin(stopPipeline(pipeline), end - reserved - performance.now());
      pipeline.close();
    }
    onStopped();
  };
  return () => {
    done ??= run();
    return done;
  };
}

/** Share of the time that is kept for each following pipeline: the last metrics have the spans that were lost. */
const RESERVED_SHARE = 0.2;

async function stopPipeline(pipeline: Stoppable): Promise<void> {
  await pipeline.shutdown();
}
