import { settlesWithin } from '@hatchet-ts/internal/deadline';
import { diag } from '@opentelemetry/api';
import type { Telemetry } from '../telemetry/telemetry.ts';

/**
 * Stops a worker, flushes its spans and ends the process as the SDK does after a signal. The SDK itself calls
 * `process.exit(0)` as soon as its tasks are done, while their spans are still in the provider's queue.
 *
 * @param stop the SDK's own work, without its `process.exit`
 */
export async function exitAfterFlush(telemetry: Telemetry, stop: () => Promise<void>): Promise<never> {
  try {
    await stop();
  } finally {
    await flushSpans(telemetry);
  }
  process.exit(0);
}

/** Milliseconds by which the flush may delay the exit of the process. */
const FLUSH_MILLIS = 2000;
/** Part of them for cancelled tasks that are still running: their spans are open until they stop. */
const OPEN_SPANS_MILLIS = 1000;

async function flushSpans({ attempts, flush }: Telemetry): Promise<void> {
  const start = performance.now();
  await settlesWithin(attempts.idle(), OPEN_SPANS_MILLIS);
  const flushed = Promise.resolve()
    .then(flush)
    .catch((error: unknown) =>
      diag.error('@hatchet-ts/sdk-otel: flushing spans failed; the last spans are lost', error),
    );
  await settlesWithin(flushed, FLUSH_MILLIS - (performance.now() - start));
}
