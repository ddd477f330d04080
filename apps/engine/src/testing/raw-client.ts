import { type Client, type CompatServiceDefinition, createChannel, createClientFactory, Metadata } from 'nice-grpc';

/** Creates a plain client of one service, without the SDK's retries and conversions. */
export function rawClient<Definition extends CompatServiceDefinition>(
  definition: Definition,
  address: string,
  token?: string,
): Client<Definition> {
  const factory = createClientFactory().use(async function* authorize(call, options) {
    const metadata = Metadata(options.metadata);
    if (token !== undefined) metadata.set('authorization', `bearer ${token}`);
    return yield* call.next(call.request, { ...options, metadata });
  });
  return factory.create(definition, createChannel(address)) as Client<Definition>;
}
