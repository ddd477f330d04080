import { type Context, context } from '@opentelemetry/api';

/**
 * Binds every step of an async generator to a context of ours. By default a step runs in the context of the code that
 * requests the next value, and in a gRPC server that code has none.
 *
 * @param contextNow called before each step
 * @param onStep called after each successful step, unless the consumer went away (`return`)
 */
export function bindGenerator<T, R>(
  generator: AsyncGenerator<T, R, undefined>,
  contextNow: () => Context,
  onStep: (result: IteratorResult<T, R>) => void = () => {},
): AsyncGenerator<T, R, undefined> {
  const step = async (take: () => Promise<IteratorResult<T, R>>) => {
    const result = await context.with(contextNow(), take);
    onStep(result);
    return result;
  };
  return {
    next: () => step(() => generator.next()),
    return: (value) => context.with(contextNow(), () => generator.return(value)),
    throw: (error) => step(() => generator.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await generator.return(undefined as R);
    },
  };
}
