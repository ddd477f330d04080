/** Messages are JSON. */
export interface Message {
  readonly text: string;
}

interface Method<RequestStream extends boolean, ResponseStream extends boolean> {
  readonly path: string;
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
  requestSerialize(message: Message): Buffer;
  requestDeserialize(bytes: Buffer): Message;
  responseSerialize(message: Message): Buffer;
  responseDeserialize(bytes: Buffer): Message;
}

/** A gRPC service with a method of each kind. */
export const EchoService: {
  readonly unary: Method<false, false>;
  readonly serverStream: Method<false, true>;
  readonly clientStream: Method<true, false>;
  readonly bidi: Method<true, true>;
} = {
  unary: method('Unary', false, false),
  serverStream: method('ServerStream', false, true),
  clientStream: method('ClientStream', true, false),
  bidi: method('Bidi', true, true),
};

function method<RequestStream extends boolean, ResponseStream extends boolean>(
  name: string,
  requestStream: RequestStream,
  responseStream: ResponseStream,
): Method<RequestStream, ResponseStream> {
  const serialize = (message: Message): Buffer => Buffer.from(JSON.stringify(message));
  const deserialize = (bytes: Buffer): Message => JSON.parse(bytes.toString());
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}
