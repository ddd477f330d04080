import { propagation, ROOT_CONTEXT, SpanKind, type TextMapGetter, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { ATTR_NETWORK_PEER_ADDRESS, ATTR_NETWORK_PEER_PORT } from '@opentelemetry/semantic-conventions';
import { startServerTimer } from '../metrics/server-durations.ts';
import { serverTracer } from '../process-telemetry.ts';
import { contextBelow, lookUpParent, type ParentFound, withParent } from '../spans/parent-context.ts';
import { withCall } from '../spans/tenant.ts';
import { bindGenerator } from './bound-generator.ts';
import type { CallMetadata, GrpcServerMiddleware } from './nice-grpc.ts';
import {
  codeOf,
  durationAttributes,
  type GrpcCode,
  methodName,
  recordEnd,
  recordGrpcError,
  rpcAttributes,
} from './status.ts';
import { traceStreamOpening } from './stream-spans.ts';

export interface GrpcServerTracingOptions {
  /**
   * Looks up the parent of a call whose metadata has no context: the carrier in the request, or the context of the run
   * that it names. Called once for a call with a single request, before the call is authorized (its metadata has the
   * credentials). The look-up is not traced; if it fails, the call has no parent.
   */
  readonly parentOf?: (path: string, request: unknown, metadata: CallMetadata) => ParentFound;
  /** Returns true for methods (`/package.Service/Method`) without spans, also below them, and without measurements. */
  readonly untraced?: (path: string) => boolean;
}

/**
 * Creates a nice-grpc server middleware that measures calls and opens a SERVER span `<package.Service>/<Method>` around
 * each unary call and around the opening of each stream (for its messages: `messageSpan`). Put it first, so that it sees
 * refused calls, too.
 */
export function grpcServerTracing({ parentOf, untraced }: GrpcServerTracingOptions = {}): GrpcServerMiddleware {
  const silent: GrpcServerMiddleware = (call, callContext) => {
    const suppressed = suppressTracing(ROOT_CONTEXT);
    return bindGenerator(responsesOf(call.next(call.request, callContext)), () => suppressed);
  };
  const traced: GrpcServerMiddleware = async function* tracing(call, callContext) {
    const { path } = call.method;
    const received = propagation.extract(ROOT_CONTEXT, callContext.metadata, METADATA);
    const parent =
      trace.getSpanContext(received) === undefined && !call.requestStream
        ? withParent(
            received,
            await lookUpParent(path, parentOf && (() => parentOf(path, call.request, callContext.metadata))),
          )
        : received;
    const span = serverTracer().startSpan(methodName(path), { kind: SpanKind.SERVER }, parent);
    if (span.isRecording()) span.setAttributes({ ...rpcAttributes(path), ...peerAttributes(callContext.peer) });

    if (call.requestStream || call.responseStream) {
      const stream = traceStreamOpening(span, parent, callContext.signal);
      const request = call.requestStream ? stream.requests(call.request) : call.request;
      return yield* stream.responses(responsesOf(call.next(request, callContext)));
    }
    const below = withCall(contextBelow(span, parent), { span });
    try {
      const response = yield* bindGenerator(responsesOf(call.next(call.request, callContext)), () => below);
      recordEnd(span, callContext.signal);
      return response;
    } catch (error) {
      recordGrpcError(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  const measured = measureCalls(traced);
  return (call, callContext) => (untraced?.(call.method.path) ? silent : measured)(call, callContext);
}

/** Records the duration of every call as `rpc.server.call.duration`; a stream's until it is closed. */
function measureCalls(middleware: GrpcServerMiddleware): GrpcServerMiddleware {
  return async function* measured(call, callContext) {
    const record = startServerTimer('rpc');
    // A call that neither answers nor fails was left by its caller.
    let code: GrpcCode = 'CANCELLED';
    try {
      const response = yield* middleware(call, callContext);
      if (!callContext.signal.aborted) code = 'OK';
      return response;
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      record(durationAttributes(call.method.path, code));
    }
  };
}

/** One type for both: a unary call returns its response, a stream yields its responses and returns nothing. */
function responsesOf<Response>(
  generator: AsyncGenerator<never, Response, undefined> | AsyncGenerator<Response, void, undefined>,
): AsyncGenerator<Response, Response | undefined, undefined> {
  return generator as AsyncGenerator<Response, Response | undefined, undefined>;
}

const METADATA: TextMapGetter<CallMetadata> = {
  keys: (metadata) => [...metadata].map(([key]) => key),
  get: (metadata, key) => {
    const values = metadata.getAll(key).filter((value) => typeof value === 'string');
    return values.length > 0 ? values : undefined;
  },
};

/** Parses `127.0.0.1:4000` or `[::1]:4000`; a Unix socket has no port. */
function peerAttributes(peer: string): Record<string, string | number> {
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(peer) ?? [];
  return address && port
    ? { [ATTR_NETWORK_PEER_ADDRESS]: address, [ATTR_NETWORK_PEER_PORT]: Number(port) }
    : { [ATTR_NETWORK_PEER_ADDRESS]: peer };
}
