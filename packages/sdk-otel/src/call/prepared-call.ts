import { type Context, context } from '@opentelemetry/api';
import { guard, isPromise } from './guard.ts';

/**
 * A call of the SDK with its span already started, ready to be made. Every traced method follows the same way: its patch
 * (`patches/`) reads the arguments, a `prepare…` function (`producing/`, `consuming/`, `durable/`) starts the span and
 * returns a `PreparedCall`, and {@link traceCall} makes it.
 */
export interface PreparedCall<Args extends readonly unknown[], Result> {
  /** Context that is active during the call; the current one by default. */
  readonly context?: Context | undefined;
  /** Arguments for the SDK's method. The caller's own arguments are never mutated. */
  readonly args: Args;
  /** Called once with the resolved value, before the caller receives it. */
  readonly onSuccess?: ((result: Awaited<Result>) => void) | undefined;
  /** Called once with the rejection reason or the synchronously thrown value. */
  readonly onError?: ((thrown: unknown) => void) | undefined;
}

/**
 * Makes a user's call inside its span, with the same result or error at the same time. If `prepare` fails, the call is
 * made as if it were not traced.
 *
 * @param name what the instrumentation does, for its error messages
 */
export function traceCall<Args extends readonly unknown[], Result>(
  name: string,
  args: Args,
  call: (args: Args) => Result,
  prepare: () => PreparedCall<Args, Result> | undefined,
): Result {
  const prepared = guard(name, prepare);
  if (!prepared) return call(args);
  const { onSuccess, onError } = prepared;
  let result: Result;
  try {
    result = prepared.context ? context.with(prepared.context, call, undefined, prepared.args) : call(prepared.args);
  } catch (thrown) {
    if (onError) guard(name, () => onError(thrown));
    throw thrown;
  }
  if (!onSuccess && !onError) return result;
  if (!isPromise(result)) {
    guard(name, () => onSuccess?.(result as Awaited<Result>));
    return result;
  }
  // the derived promise, so that Node.js still reports an unhandled rejection
  return result.then(
    (value) => {
      if (onSuccess) guard(name, () => onSuccess(value as Awaited<Result>));
      return value;
    },
    (thrown: unknown) => {
      if (onError) guard(name, () => onError(thrown));
      throw thrown;
    },
  ) as Result;
}

/** Adds work to a prepared call that runs first when the call succeeds. */
export function addOnSuccess<Args extends readonly unknown[], Result>(
  call: PreparedCall<Args, Result>,
  work: () => void,
): PreparedCall<Args, Result> {
  return {
    ...call,
    onSuccess: (result) => {
      work();
      call.onSuccess?.(result);
    },
  };
}
