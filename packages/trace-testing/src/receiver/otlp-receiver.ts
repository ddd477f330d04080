import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import type { Certificate } from '../certificates.ts';
import type { Resource } from '../resources.ts';
import { type Answer, type ExportCall, sendAnswer } from './answer.ts';
import { type ReceivedSpan, readSpans } from './read-spans.ts';

/** Certificate of the receiver. With `clientAuthority` (PEM) it requires a client certificate of that authority. */
export interface ReceiverTls extends Certificate {
  readonly clientAuthority?: string;
}

export interface ReceiverOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Default: plaintext. */
  readonly tls?: ReceiverTls;
  /** Answer to every call, or a function of the call. Default: accept. */
  readonly answer?: Answer | ((call: ReceivedCall) => Answer);
  /** Signals that are served; a call of another one fails with UNIMPLEMENTED. Default: traces and metrics. */
  readonly signals?: readonly Signal[];
  /** Largest message that gRPC takes, in bytes; it refuses others before they count as calls. Default: 4 MiB. */
  readonly maxMessageBytes?: number;
}

type Signal = 'trace' | 'metrics';

/** An export call as it arrived, whatever its answer. */
export class ReceivedCall {
  /** 1 for the first call. */
  readonly number: number;
  /** gRPC method, for example `/opentelemetry.proto.collector.trace.v1.TraceService/Export`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** `host:port` of the client's connection. */
  readonly peer: string;
  /** The encoded request. */
  readonly bytes: Buffer;
  #spans: readonly ReceivedSpan[] | undefined;

  constructor(number: number, call: ExportCall) {
    this.number = number;
    this.path = call.getPath();
    this.headers = call.metadata.getMap();
    this.peer = call.getPeer();
    this.bytes = call.request;
  }

  /** Spans of the call; none for metrics. Decoded on first use, so that receiving stays cheap. */
  get spans(): readonly ReceivedSpan[] {
    this.#spans ??= this.path === PATHS.trace ? readSpans(this.bytes) : [];
    return this.#spans;
  }
}

/** OTLP/gRPC receiver in the test's own process. It keeps every call and answers as the test decides. */
export class OtlpReceiver implements Resource {
  readonly host: string;
  readonly calls: ReceivedCall[] = [];
  readonly #options: ReceiverOptions;
  readonly #accepted: { readonly call: ReceivedCall; readonly rejectedSpans: number }[] = [];
  readonly #nextAnswers: Answer[] = [];
  #answer: (call: ReceivedCall) => Answer = () => 'accept';
  #tls: ReceiverTls | undefined;
  #port = 0;
  #server: Server | undefined;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.host = options.host ?? '127.0.0.1';
    if (options.answer !== undefined) this.answer(options.answer);
  }

  static async start(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(options);
    await receiver.#listen(options.port ?? 0);
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.#port}`;
  }

  /** `http://host:port`, or `https://` with TLS. */
  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://${this.address}`;
  }

  /** All spans that arrived, repetitions included, whatever the answer. */
  get spans(): readonly ReceivedSpan[] {
    return this.calls.flatMap(({ spans }) => spans);
  }

  /** Spans of the accepted calls, repetitions included. */
  get acceptedSpans(): readonly ReceivedSpan[] {
    return this.#accepted.flatMap(({ call, rejectedSpans }) => call.spans.slice(rejectedSpans));
  }

  /** Number of accepted spans, repetitions not counted. */
  get distinctSpans(): number {
    return new Set(this.acceptedSpans.map(({ traceId, spanId }) => traceId + spanId)).size;
  }

  /** Sets the answer to all further calls, or a function of the call. */
  answer(answer: Answer | ((call: ReceivedCall) => Answer)): void {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  /** Queues answers for the next calls, one each; afterwards the answer of {@link answer} applies again. */
  answerNext(...answers: readonly Answer[]): void {
    this.#nextAnswers.push(...answers);
  }

  /** Drops all connections and stops listening. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /**
   * Listens on the same port again after {@link stop}; has no effect while it listens.
   *
   * @param tls new certificate, as after a renewal. Default: the present one
   */
  async restart(tls?: ReceiverTls): Promise<void> {
    if (tls) this.#tls = tls;
    if (!this.#server) await this.#listen(this.#port);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #listen(port: number): Promise<void> {
    const { maxMessageBytes, signals = ['trace', 'metrics'] } = this.#options;
    const server = new Server({
      ...(maxMessageBytes !== undefined && { 'grpc.max_receive_message_length': maxMessageBytes }),
    });
    for (const signal of signals) server.addService(exportService(PATHS[signal]), { export: this.#receive });
    this.#port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`${this.host}:${port}`, serverCredentials(this.#tls), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.#server = server;
  }

  readonly #receive = (request: ExportCall, send: sendUnaryData<Buffer>) => {
    const call = new ReceivedCall(this.calls.length + 1, request);
    this.calls.push(call);
    const answer = this.#nextAnswers.shift() ?? this.#answer(call);
    sendAnswer(answer, send, (rejectedSpans) => this.#accepted.push({ call, rejectedSpans }));
  };
}

const PATHS: Readonly<Record<Signal, string>> = {
  trace: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};

/** Defines the service by its path, without a codec: the receiver keeps the bytes. */
function exportService(path: string) {
  const identity = (bytes: Buffer) => bytes;
  return {
    export: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  } as const;
}

function serverCredentials(tls: ReceiverTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const { certificate, key, clientAuthority } = tls;
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  const authority = clientAuthority === undefined ? null : Buffer.from(clientAuthority);
  return ServerCredentials.createSsl(authority, [pair], authority !== null);
}
