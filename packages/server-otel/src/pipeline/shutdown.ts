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

/** Signals that end a service. */
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/**
 * Shuts telemetry down on a signal and then lets the signal end the process, as it would have without telemetry. If the
 * application listens for the signal as well, ending is left to the application.
 *
 * @returns a function that stops listening
 */
export function shutdownOnSignals(shutdown: () => Promise<void>): () => void {
  const listeners = ENDING_SIGNALS.map((signal) => {
    const listener = async () => {
      stop();
      const isOnlyListener = process.listenerCount(signal) === 0;
      await shutdown();
      if (isOnlyListener) process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  const stop = () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
  return stop;
}
