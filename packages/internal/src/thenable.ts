/**
 * Returns true for everything that `await` waits for: a promise, also one of another realm, and a lazy query, which has
 * only a method `then` (drizzle, knex, Prisma, mongoose). Never throws.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}

/**
 * Calls a function when a thenable settles, before its caller learns of it. `then` is called once and at once, in the
 * active context: a lazy query starts with it, and each further call would run it again.
 *
 * @returns a promise with the same result, for the caller to use instead of the thenable
 */
export function whenSettled<T>(
  thenable: PromiseLike<T>,
  onValue: (value: T) => void,
  onError: (reason: unknown) => void,
): Promise<T> {
  const promise =
    thenable instanceof Promise
      ? (thenable as Promise<T>)
      : new Promise<T>((resolve, reject) => void thenable.then(resolve, reject));
  // The derived promise, so that Node.js still reports an unhandled rejection.
  return promise.then(
    (value) => {
      onValue(value);
      return value;
    },
    (reason: unknown) => {
      onError(reason);
      throw reason;
    },
  );
}
