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
    report(doing, error);
    return undefined;
  }
}

/**
 * Calls a function of the user's configuration. The first time that it throws, or returns a promise that rejects, is
 * one `diag.error`; after that it fails in silence, since it may be called for every task.
 *
 * @returns what it returns, undefined when it threw
 */
export function userCall<Args extends readonly unknown[], T>(
  option: string,
  call: (...args: Args) => T,
  ...args: Args
): T | undefined {
  try {
    const result = call(...args);
    if (isPromise(result)) result.then(undefined, (error: unknown) => reportOnce(option, call, error));
    return result;
  } catch (error) {
    reportOnce(option, call, error);
    return undefined;
  }
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
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
    // the application's diag logger throws: there is nobody left to tell
  }
}
