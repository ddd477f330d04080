import { type Context, context } from '@opentelemetry/api';
import { guarded, isPromise } from './guard.ts';

/** A call with its span, ready to be made. */
export interface PreparedCall<Args extends readonly unknown[], Result> {
  /** what is active while it runs; the current context when left out */
  readonly context?: Context | undefined;
  /** what the SDK's method gets instead of the caller's arguments, which are never mutated */
  readonly args: Args;
  /** called once with the resolved value, before the caller sees it */
  readonly succeeded?: ((result: Awaited<Result>) => void) | undefined;
  /** called once with the rejection, or with what was thrown synchronously */
  readonly failed?: ((thrown: unknown) => void) | undefined;
}

/**
 * Makes a call of the user's inside its span: the same result or error, neither sooner nor later. When `prepare`
 * fails the call goes on as if this package were not there.
 */
export function tracedCall<Args extends readonly unknown[], Result>(
  name: string,
  args: Args,
  call: (args: Args) => Result,
  prepare: () => PreparedCall<Args, Result> | undefined,
): Result {
  const prepared = guarded(name, prepare);
  if (!prepared) return call(args);
  const { succeeded, failed } = prepared;
  let result: Result;
  try {
    result = prepared.context ? context.with(prepared.context, call, undefined, prepared.args) : call(prepared.args);
  } catch (thrown) {
    if (failed) guarded(name, () => failed(thrown));
    throw thrown;
  }
  if (!succeeded && !failed) return result;
  if (!isPromise(result)) {
    guarded(name, () => succeeded?.(result as Awaited<Result>));
    return result;
  }
  // the derived promise, so that a rejection which nobody handles is still reported as one
  return result.then(
    (value) => {
      if (succeeded) guarded(name, () => succeeded(value as Awaited<Result>));
      return value;
    },
    (thrown: unknown) => {
      if (failed) guarded(name, () => failed(thrown));
      throw thrown;
    },
  ) as Result;
}
