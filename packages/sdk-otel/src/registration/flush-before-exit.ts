import { diag } from '@opentelemetry/api';

/**
 * Sends what waits before the process ends: when there is nothing left to do, and on SIGTERM and SIGINT where nobody
 * else listens to them. A worker of the SDK, and an application, that handle the signal decide themselves when to end.
 */
export function flushBeforeExit(sdk: { shutdown(): Promise<void> }): void {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= withinSeconds(2, sdk.shutdown());
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

async function withinSeconds(seconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([
    patience,
    work.catch((error: unknown) => diag.error('@hatchet-ts/sdk-otel: the last spans could not be sent', error)),
  ]);
  clearTimeout(timer);
}
