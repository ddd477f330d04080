/**
 * Waits for a promise, at most `millis` milliseconds. The work behind it goes on after the deadline.
 *
 * @param late creates the error of the deadline; called only then
 * @throws the promise's own rejection, or the error of `late`
 */
export async function withDeadline<T>(promise: PromiseLike<T>, millis: number, late: () => Error): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(late()), millis);
  try {
    return await Promise.race([promise, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until a promise has settled, at most `millis` milliseconds. Never rejects.
 *
 * @returns false if the deadline came first
 */
export async function settlesWithin(promise: PromiseLike<unknown>, millis: number): Promise<boolean> {
  const deadline = Promise.withResolvers<false>();
  const timer = setTimeout(() => deadline.resolve(false), millis);
  const settled = () => true;
  try {
    return await Promise.race([promise.then(settled, settled), deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}
