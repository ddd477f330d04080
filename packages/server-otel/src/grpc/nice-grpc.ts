/*
 * Structural types for the part of nice-grpc-common's middleware contract that is used here, so that applications without
 * nice-grpc need not install it. A test keeps them in step.
 */

export interface CallMetadata {
  get(key: string): unknown;
  getAll(key: string): readonly unknown[];
  [Symbol.iterator](): IterableIterator<[string, Array<string | Uint8Array>]>;
}

export interface ServerCallContext {
  readonly metadata: CallMetadata;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

export type GrpcServerMiddleware = <Request, Response, Context extends ServerCallContext>(
  call: ServerCall<Request, Response, Context>,
  callContext: Context,
) => AsyncGenerator<Response, Response | undefined, undefined>;

export type ServerCall<Request, Response, Context> = {
  readonly method: { readonly path: string };
} & (
  | { readonly requestStream: false; readonly request: Request }
  | { readonly requestStream: true; readonly request: AsyncIterable<Request> }
) &
  (
    | {
        readonly responseStream: false;
        next(request: Request | AsyncIterable<Request>, context: Context): AsyncGenerator<never, Response, undefined>;
      }
    | {
        readonly responseStream: true;
        next(request: Request | AsyncIterable<Request>, context: Context): AsyncGenerator<Response, void, undefined>;
      }
  );
