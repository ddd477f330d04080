import { type CompatServiceDefinition, ServerError, type ServiceImplementation, Status } from 'nice-grpc';

const unimplementedMethods = new WeakSet<object>();

/** @returns true for a method that only fails with UNIMPLEMENTED. */
export function isUnimplemented(method: unknown): boolean {
  return typeof method === 'function' && unimplementedMethods.has(method);
}

/** Marks a method that does no more than keep clients from calling it again and again. */
export function markUnimplemented<Method extends object>(method: Method): Method {
  unimplementedMethods.add(method);
  return method;
}

/** Service whose methods all fail with UNIMPLEMENTED; implementations override those that the engine has. */
export function unimplemented<Definition extends CompatServiceDefinition, Context>(
  definition: Definition,
): ServiceImplementation<Definition, Context> {
  const methods = Object.entries<{ name: string; responseStream: boolean }>(
    definition.methods as Record<string, { name: string; responseStream: boolean }>,
  ).map(([key, { name, responseStream }]) => {
    const fail = (): never => {
      throw new ServerError(
        Status.UNIMPLEMENTED,
        `${name} is not supported by this engine; Hatchet's own engine has it`,
      );
    };
    // biome-ignore lint/correctness/useYield: the stream fails at once
    const stream = async function* (): AsyncGenerator<never> {
      fail();
    };
    const method = responseStream ? stream : async () => fail();
    unimplementedMethods.add(method);
    return [key, method];
  });
  return Object.fromEntries(methods) as ServiceImplementation<Definition, Context>;
}
