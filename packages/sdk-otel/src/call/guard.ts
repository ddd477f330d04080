import { isThenable } from '@hatchet-ts/internal/thenable';
import { diag } from '@opentelemetry/api';

/**
 * Runs a piece of the instrumentation. An error in it is logged with `diag.error` and never reaches the user's code.
 *
 * @param doing what `work` does, for the log line
 * @returns the result of `work`; undefined if it threw
 */
export function guard<T>(doing: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    report(doing, error);
    return undefined;
  }
}

/**
 * Calls a function of the user's configuration. Its first error or rejection is logged with `diag.error`; later ones are
 * silent, since it may be called for every task.
 *
 * @returns its result; undefined if it threw
 */
export function callUserFunction<Args extends readonly unknown[], T>(
  option: string,
  call: (...args: Args) => T,
  ...args: Args
): T | undefined {
  try {
    const result = call(...args);
    if (isThenable(result)) result.then(undefined, (error: unknown) => reportOnce(option, call, error));
    return result;
  } catch (error) {
    reportOnce(option, call, error);
    return undefined;
  }
}

const failing = new WeakSet<object>();

function reportOnce(option: string, call: object, error: unknown): void {
  if (failing.has(call)) return;
  failing.add(call);
  report(option, error);
}

function report(doing: string, error: unknown): void {
  try {
    diag.error(`@hatchet-ts/sdk-otel: ${doing} failed; the traced call is not affected`, error);
  } catch {
    // the application's diag logger throws, so there is no place left to report to
  }
}
