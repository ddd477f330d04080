import { type CompatServiceDefinition, ServerError, type ServiceImplementation, Status } from 'nice-grpc';

const refusals = new WeakSet<object>();

/** Whether this method of a service only refuses. */
export function isLeftOut(method: unknown): boolean {
  return typeof method === 'function' && refusals.has(method);
}

/** A service all of whose methods say that this engine leaves them out: the ground on which those it has are laid. */
export function unimplemented<Definition extends CompatServiceDefinition, Context>(
  definition: Definition,
): ServiceImplementation<Definition, Context> {
  const methods = Object.entries<{ name: string; responseStream: boolean }>(
    definition.methods as Record<string, { name: string; responseStream: boolean }>,
  ).map(([key, { name, responseStream }]) => {
    const refuse = (): never => {
      throw new ServerError(
        Status.UNIMPLEMENTED,
        `${name} is not supported by this engine; Hatchet's own engine has it`,
      );
    };
    // biome-ignore lint/correctness/useYield: a stream that fails at once
    const stream = async function* (): AsyncGenerator<never> {
      refuse();
    };
    const method = responseStream ? stream : async () => refuse();
    refusals.add(method);
    return [key, method];
  });
  return Object.fromEntries(methods) as ServiceImplementation<Definition, Context>;
}
