import { diag } from '@opentelemetry/api';
import type { Telemetry } from './telemetry.ts';

/**
 * Stops a worker and ends the process as the SDK does after a signal, but has the spans sent before: the SDK calls
 * `process.exit(0)` as soon as its tasks are done, when their spans are still in the provider's queue.
 *
 * @param stop the SDK's own work, without its `process.exit`
 */
export async function stopping(telemetry: Telemetry, stop: () => Promise<void>): Promise<never> {
  try {
    await stop();
  } finally {
    await sent(telemetry);
  }
  process.exit(0);
}

/** Milliseconds that the end of a process may wait for its spans. */
const PATIENCE = 2000;
/** Of these, for tasks that were cancelled and go on: their spans are open until they have stopped. */
const OPEN_SPANS = 1000;

async function sent({ attempts, flush }: Telemetry): Promise<void> {
  const end = new AbortController();
  const within = (milliseconds: number, work: Promise<unknown>) =>
    Promise.race([
      work.catch((error: unknown) => diag.error('@hatchet-ts/sdk-otel: the last spans could not be sent', error)),
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        end.signal.addEventListener('abort', () => clearTimeout(timer));
      }),
    ]);
  const start = performance.now();
  await within(OPEN_SPANS, attempts.idle());
  await within(PATIENCE - (performance.now() - start), Promise.resolve().then(flush));
  end.abort();
}
