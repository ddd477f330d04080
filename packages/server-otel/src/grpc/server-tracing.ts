import { propagation, ROOT_CONTEXT, SpanKind, type TextMapGetter, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { ATTR_NETWORK_PEER_ADDRESS, ATTR_NETWORK_PEER_PORT } from '@opentelemetry/semantic-conventions';
import { serverTracer } from '../process-telemetry.ts';
import { lookUpParent, type ParentFound } from '../spans/look-up-parent.ts';
import { withCall } from '../spans/tenant.ts';
import { contextBelow, withParent } from '../spans/transparency.ts';
import { boundGenerator } from './bound-generator.ts';
import { measuredCalls } from './call-duration.ts';
import type { CallMetadata, GrpcServerMiddleware } from './nice-grpc.ts';
import { methodName, recordGrpcError, recordOk, rpcAttributes } from './status.ts';
import { streamSpan } from './stream-span.ts';

export interface GrpcServerTracingOptions {
  /**
   * The parent of a call whose metadata has no context: the carrier in the request, or the context of the run
   * that it names. Asked once for a call with a single request, before anyone has authorised the call (its metadata
   * hold the credentials), never traced itself; when it fails the call goes on without a parent.
   */
  readonly parentOf?: (path: string, request: unknown, metadata: CallMetadata) => ParentFound;
  /** Methods (`/package.Service/Method`) that make no span, nor does anything below them; they are not measured either. */
  readonly untraced?: (path: string) => boolean;
}

/**
 * A nice-grpc server middleware that opens a SERVER span `<package.Service>/<Method>` around a unary call, and
 * one for the opening of a stream (its messages: `messageSpan`), and measures the calls. Put it first, so that
 * refused calls are seen.
 */
export function grpcServerTracing({ parentOf, untraced }: GrpcServerTracingOptions = {}): GrpcServerMiddleware {
  const silent: GrpcServerMiddleware = (call, callContext) => {
    const suppressed = suppressTracing(ROOT_CONTEXT);
    return boundGenerator(answers(call.next(call.request, callContext)), () => suppressed);
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
      const stream = streamSpan(span, parent);
      const request = call.requestStream ? stream.requests(call.request) : call.request;
      return yield* stream.responses(answers(call.next(request, callContext)));
    }
    const below = withCall(contextBelow(span, parent), { span });
    try {
      const response = yield* boundGenerator(answers(call.next(call.request, callContext)), () => below);
      recordOk(span);
      return response;
    } catch (error) {
      recordGrpcError(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  const seen = measuredCalls(traced);
  return (call, callContext) => (untraced?.(call.method.path) ? silent : seen)(call, callContext);
}

/** A unary call returns its answer, a stream yields its answers and returns nothing: one type for both. */
function answers<Response>(
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

/** `127.0.0.1:4000`, `[::1]:4000`; a Unix socket has no port. */
function peerAttributes(peer: string): Record<string, string | number> {
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(peer) ?? [];
  return address && port
    ? { [ATTR_NETWORK_PEER_ADDRESS]: address, [ATTR_NETWORK_PEER_PORT]: Number(port) }
    : { [ATTR_NETWORK_PEER_ADDRESS]: peer };
}
