/** The signals that end a service. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/**
 * Shuts telemetry down when the process is told to end, and then lets it end as it would have: by the signal, unless
 * the application listens for it as well and ends by itself.
 *
 * @returns stops listening
 */
export function shutdownOnSignals(shutdown: () => Promise<void>): () => void {
  const listeners = ENDING_SIGNALS.map((signal) => {
    const listener = async () => {
      stop();
      const isAlone = process.listenerCount(signal) === 0;
      await shutdown();
      if (isAlone) process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  const stop = () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
  return stop;
}
