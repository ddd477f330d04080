import { settlesWithin } from '@hatchet-ts/internal/deadline';
import { diag } from '@opentelemetry/api';

const FLUSH_MILLIS = 2000;

/**
 * Shuts the SDK down before the process ends: when the event loop is empty, and on SIGTERM and SIGINT if there is no other
 * listener. If a worker of the SDK or the application handles the signal, that handler decides when the process ends.
 */
export function flushBeforeExit(sdk: { shutdown(): Promise<void> }): void {
  let stopping: Promise<boolean> | undefined;
  const stop = () => {
    stopping ??= settlesWithin(sdk.shutdown().catch(reportFailure), FLUSH_MILLIS);
    return stopping;
  };
  process.once('beforeExit', () => void stop());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = () => {
      if (process.listenerCount(signal) > 1) return;
      void stop().then(() => {
        process.off(signal, onSignal);
        process.kill(process.pid, signal);
      });
    };
    process.on(signal, onSignal);
  }
}

function reportFailure(error: unknown): void {
  diag.error('@hatchet-ts/sdk-otel: flushing spans failed; the last spans are lost', error);
}
