import type { Client, ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Collector } from '../pipeline/collector.ts';
import { type Answer, acceptance, failure } from './answer.ts';

/** What the delivery needs to know of a collector. */
export type TraceCollector = Pick<Collector, 'address' | 'target' | 'credentials' | 'channelOptions' | 'metadata'>;

/** Calls of `TraceService/Export` with ready bytes. */
export class TraceService {
  readonly #grpc: typeof import('@grpc/grpc-js');
  readonly #collector: TraceCollector;
  #client: Client;
  #call: ClientUnaryCall | undefined;

  constructor(grpc: typeof import('@grpc/grpc-js'), collector: TraceCollector) {
    this.#grpc = grpc;
    this.#collector = collector;
    this.#client = this.#connect();
  }

  /** Whether there is a connection, as far as one can know. */
  get connected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === this.#grpc.connectivityState.READY;
  }

  /** Never rejects. */
  async export(request: Buffer, timeoutMillis: number): Promise<Answer> {
    let metadata: Metadata;
    try {
      metadata = await within(timeoutMillis, this.#collector.metadata());
    } catch (error) {
      return { kind: 'retry', status: 'UNAUTHENTICATED', error: `there is no authorization: ${nameOf(error)}` };
    }
    const answer = await this.#exchange(request, metadata, timeoutMillis);
    if (answer instanceof Uint8Array) return acceptance(answer);
    const { DEADLINE_EXCEEDED, UNAUTHENTICATED } = this.#grpc.status;
    // A connection whose other end has vanished would not be given up before TCP does so, after many minutes.
    if (answer.code === DEADLINE_EXCEEDED) this.#reconnect();
    const token = tokenOf(metadata);
    const failed = failure(answer, hidden(answer.message, token));
    if (failed.kind !== 'refused' || answer.code !== UNAUTHENTICATED || !(await this.#replaced(token))) return failed;
    return { ...failed, kind: 'retry', afterMillis: 0 };
  }

  /** Gives up the call that is on its way and closes the connection. */
  close(): void {
    this.#call?.cancel();
    this.#client.close();
  }

  async #exchange(request: Buffer, metadata: Metadata, timeoutMillis: number): Promise<Buffer | ServiceError> {
    const { promise, resolve } = Promise.withResolvers<Buffer | ServiceError>();
    try {
      this.#call = this.#client.makeUnaryRequest(
        TRACES_METHOD,
        (ready: Buffer) => ready,
        (bytes: Buffer) => bytes,
        request,
        metadata,
        { deadline: Date.now() + timeoutMillis },
        (error, response) => resolve(error ?? response ?? Buffer.alloc(0)),
      );
    } catch (error) {
      const code = this.#grpc.status.UNAVAILABLE;
      resolve(Object.assign(new Error(`the call cannot be made: ${nameOf(error)}`), { code, details: '', metadata }));
    }
    const answer = await promise;
    this.#call = undefined;
    return answer;
  }

  /** Whether the token has been replaced since this one was sent. */
  async #replaced(sent: string | undefined): Promise<boolean> {
    const now = await within(ASKING_MILLIS, this.#collector.metadata()).catch(() => undefined);
    return now !== undefined && tokenOf(now) !== sent;
  }

  #reconnect(): void {
    this.#client.close();
    this.#client = this.#connect();
  }

  #connect(): Client {
    const { target, credentials, channelOptions } = this.#collector;
    return new this.#grpc.Client(target, credentials, {
      ...channelOptions,
      // A channel that is made anew would otherwise find its old connection again.
      'grpc.use_local_subchannel_pool': 1,
      // Calls are repeated by the sender; gRPC would keep a copy of each for repetitions of its own.
      'grpc.enable_retries': 0,
    });
  }
}

const TRACES_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const ASKING_MILLIS = 1000;

/** What says a token may hang as well as a collector. */
async function within<T>(millis: number, promise: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('TimeoutError')), millis).unref();
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Without the message, which may quote the token. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something was thrown that is no error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function tokenOf(metadata: Metadata): string | undefined {
  return metadata.get('authorization')[0]?.toString();
}

/** A server may quote what it was sent. */
function hidden(message: string, authorization: string | undefined): string {
  if (!authorization) return message;
  const token = authorization.replace(/^\S+\s+/, '');
  return message.replaceAll(authorization, '(hidden)').replaceAll(token, '(hidden)');
}
