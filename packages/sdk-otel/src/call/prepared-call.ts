import { isThenable, whenSettled } from '@hatchet-ts/internal/thenable';
import { type Context, context } from '@opentelemetry/api';
import { guard } from './guard.ts';

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
  const succeed = (value: Awaited<Result>) => {
    if (onSuccess) guard(name, () => onSuccess(value));
  };
  const fail = (thrown: unknown) => {
    if (onError) guard(name, () => onError(thrown));
  };
  const run = (): Result => {
    let result: Result;
    try {
      result = call(prepared.args);
    } catch (thrown) {
      fail(thrown);
      throw thrown;
    }
    if (!onSuccess && !onError) return result;
    // within the context, in which a lazy query starts
    if (isThenable(result)) return whenSettled(result as PromiseLike<Awaited<Result>>, succeed, fail) as Result;
    succeed(result as Awaited<Result>);
    return result;
  };
  return prepared.context ? context.with(prepared.context, run) : run();
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
