import { diag } from '@opentelemetry/api';

/**
 * Runs a piece of the instrumentation. What fails in it is one `diag.error`, never the user's problem.
 *
 * @returns what `work` returns, undefined when it threw
 */
export function guarded<T>(doing: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    try {
      diag.error(`@hatchet-ts/sdk-otel: ${doing} failed; the traced call is not affected`, error);
    } catch {
      // the application's diag logger throws: there is nobody left to tell
    }
    return undefined;
  }
}
