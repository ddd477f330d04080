import { type Client, type CompatServiceDefinition, createChannel, createClientFactory, Metadata } from 'nice-grpc';

/** A client of one service without what the SDK does around it: no retries, every answer as it is. */
export function rawClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  address: string,
  token?: string,
): Client<Definition> {
  const factory = createClientFactory().use(async function* authorise(call, options) {
    const metadata = Metadata(options.metadata);
    if (token !== undefined) metadata.set('authorization', `bearer ${token}`);
    return yield* call.next(call.request, { ...options, metadata });
  });
  return factory.create(definition, createChannel(address)) as Client<Definition>;
}
