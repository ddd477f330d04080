import type {
  ChannelCredentials,
  ChannelOptions,
  Client,
  ClientUnaryCall,
  Metadata,
  ServiceError,
} from '@grpc/grpc-js';

export const TRACES_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
export const METRICS_METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

type Grpc = typeof import('@grpc/grpc-js');

/** Receiver of a client's calls. */
export interface OtlpTarget {
  /** The address for gRPC. */
  readonly target: string;
  /** TLS server name, compression and reconnection. */
  readonly channelOptions: ChannelOptions;
  /** Credentials of the next connection. Another object replaces the connection. */
  credentials(): ChannelCredentials;
  /** Headers of one call, with the current authorization. */
  metadata(): Promise<Metadata>;
}

/** A failed call. Its message never contains the authorization. */
export class CallError extends Error {
  /** Number of the gRPC status. */
  readonly code: number;
  /** Name of the gRPC status. */
  readonly status: string;
  /** False if the request never left this process. */
  readonly isSent: boolean;
  /** The `google.rpc.Status` that the receiver sent with the error. */
  readonly statusDetails: unknown;

  constructor(grpc: Grpc, code: number, message: string, sent: { readonly statusDetails: unknown } | undefined) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message);
    this.code = code;
    this.status = grpc.status[code] ?? String(code);
    this.isSent = sent !== undefined;
    this.statusDetails = sent?.statusDetails;
  }
}

/**
 * Sends encoded OTLP requests to one method of a receiver, with the current authorization, the current credentials and a
 * deadline. Unlike the transport of the stock exporter it reads no environment, replaces a connection that has gone
 * silent, reconnects within 2 s of the receiver's return (there: up to 2 minutes) and can be closed while the receiver
 * hangs.
 */
export class OtlpClient {
  readonly #grpc: Grpc;
  readonly #receiver: OtlpTarget;
  readonly #method: string;
  readonly #calls = new Set<ClientUnaryCall>();
  #client: Client;
  #credentials: ChannelCredentials;
  #authorization: string | undefined;
  #isClosed = false;

  /** @param method `/package.Service/Method` */
  constructor(grpc: Grpc, receiver: OtlpTarget, method: string) {
    this.#grpc = grpc;
    this.#receiver = receiver;
    this.#method = method;
    this.#credentials = receiver.credentials();
    this.#client = this.#connect();
  }

  /** False if the channel has no connection to the receiver. */
  get isConnected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === this.#grpc.connectivityState.READY;
  }

  /**
   * Sends a request and returns the response. The request is sent once more if the receiver has ended the connection
   * (GOAWAY: its connections have a maximum age), or refuses a token that was replaced in the meantime.
   *
   * @param timeoutMillis limit of obtaining the authorization, and of each attempt
   * @throws CallError
   */
  async call(request: Uint8Array, timeoutMillis: number): Promise<Uint8Array> {
    const metadata = await this.#metadata(timeoutMillis);
    try {
      return await this.#send(request, metadata, timeoutMillis);
    } catch (error) {
      const again = await this.#metadataOfRetry(error, metadata);
      if (again === undefined) throw error;
      return this.#send(request, again, timeoutMillis);
    }
  }

  /** Removes the authorization of the last call from a text of the receiver, which may quote the headers it received. */
  hideAuthorization(text: string): string {
    return hideAuthorization(text, this.#authorization);
  }

  /** Cancels running calls and closes the channel. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  async #metadata(timeoutMillis: number): Promise<Metadata> {
    try {
      return await within(timeoutMillis, this.#receiver.metadata());
    } catch (error) {
      const { UNAUTHENTICATED } = this.#grpc.status;
      throw new CallError(this.#grpc, UNAUTHENTICATED, `no authorization available: ${nameOf(error)}`, undefined);
    }
  }

  /** Returns the metadata for an immediate retry; undefined if the same call would fail again. */
  async #metadataOfRetry(error: unknown, metadata: Metadata): Promise<Metadata | undefined> {
    if (!(error instanceof CallError) || this.#isClosed) return undefined;
    const { UNAUTHENTICATED, UNAVAILABLE } = this.#grpc.status;
    if (error.code === UNAVAILABLE && CONNECTION_ENDED.test(error.message)) return metadata;
    if (error.code !== UNAUTHENTICATED) return undefined;
    const current = await this.#metadata(REAUTHORIZATION_MILLIS).catch(() => metadata);
    return authorizationOf(current) === authorizationOf(metadata) ? undefined : current;
  }

  #send(request: Uint8Array, metadata: Metadata, timeoutMillis: number): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    try {
      this.#authorization = authorizationOf(metadata);
      const client = this.#currentClient();
      let contentType: string | undefined;
      const call = client.makeUnaryRequest(
        this.#method,
        ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength),
        (bytes: Buffer) => bytes,
        request,
        metadata,
        { deadline: Date.now() + timeoutMillis },
        (error, response) => {
          this.#calls.delete(call);
          if (error === null) resolve(response ?? new Uint8Array());
          else {
            // TCP takes many minutes to give up a connection whose other end has vanished.
            if (error.code === this.#grpc.status.DEADLINE_EXCEEDED) this.#replace(client);
            reject(this.#failure(error, metadata, contentType));
          }
        },
      );
      call.on('metadata', (headers: Metadata) => {
        contentType = headers.get('content-type')[0]?.toString();
      });
      this.#calls.add(call);
    } catch (error) {
      const { UNAVAILABLE } = this.#grpc.status;
      reject(new CallError(this.#grpc, UNAVAILABLE, `request cannot be sent: ${nameOf(error)}`, undefined));
    }
    return promise;
  }

  #failure(error: ServiceError, sent: Metadata, contentType: string | undefined): CallError {
    const statusDetails = error.metadata?.get('grpc-status-details-bin')[0];
    if (contentType !== undefined && !isGrpc(contentType) && !error.details.includes('HTTP status code')) {
      // gRPC reads the text of a page as the length of a message, and reports a message that is too large.
      const message = `HTTP status code 200 with content-type ${contentType}: an HTTP server answers, not a gRPC server`;
      return new CallError(this.#grpc, this.#grpc.status.UNKNOWN, message, { statusDetails });
    }
    const message = hideAuthorization(error.message, authorizationOf(sent));
    return new CallError(this.#grpc, error.code, message, { statusDetails });
  }

  #currentClient(): Client {
    const credentials = this.#receiver.credentials();
    if (credentials !== this.#credentials) {
      this.#credentials = credentials;
      this.#replace(this.#client);
    }
    return this.#client;
  }

  /** Connects anew, unless another call has replaced this client already. */
  #replace(client: Client): void {
    if (client !== this.#client || this.#isClosed) return;
    client.close();
    this.#client = this.#connect();
  }

  #connect(): Client {
    const { target, channelOptions } = this.#receiver;
    return new this.#grpc.Client(target, this.#credentials, {
      ...channelOptions,
      // With the global pool a new channel would reuse the dead connection.
      'grpc.use_local_subchannel_pool': 1,
      // Callers retry by themselves; gRPC would keep a copy of each request for retries of its own.
      'grpc.enable_retries': 0,
    });
  }
}

const REAUTHORIZATION_MILLIS = 1000;
const LONGEST_MESSAGE = 500;

/** gRPC's own texts. With `grpc.enable_retries` it would retry such a call itself. */
const CONNECTION_ENDED = /^14 UNAVAILABLE: (Stream refused by server|Connection dropped)/;

/** Bounds an authorization callback, which may hang like a receiver. The timer does not keep the process alive. */
async function within<T>(millis: number, promise: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('TimeoutError')), millis).unref();
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error's code or class. Its message may quote the token. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'a non-Error value was thrown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function isGrpc(contentType: string): boolean {
  return contentType.toLowerCase().startsWith('application/grpc');
}

function authorizationOf(metadata: Metadata): string | undefined {
  return metadata.get('authorization')[0]?.toString();
}

function hideAuthorization(message: string, authorization = ''): string {
  const token = authorization.replace(/^\S+\s*/, '');
  return [authorization, token]
    .filter((secret) => secret.trim() !== '')
    .reduce((text, secret) => text.replaceAll(secret, '(hidden)'), message);
}
