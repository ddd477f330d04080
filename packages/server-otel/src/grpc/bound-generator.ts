import { type Context, context } from '@opentelemetry/api';

/**
 * An async generator whose every step runs in a context of ours: a generator takes the context of whoever
 * asks for its next value, which in a gRPC server is nobody's.
 *
 * @param contextNow asked before each step
 * @param onStep told about each step that succeeded, unless the consumer went away (`return`)
 */
export function boundGenerator<T, R>(
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
