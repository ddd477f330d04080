import { measureServer } from '../metrics/server-durations.ts';
import type { GrpcServerMiddleware } from './nice-grpc.ts';
import { codeOf, type GrpcCode, rpcMeasure } from './status.ts';

/** `middleware`, with the duration of every call as `rpc.server.call.duration`; a stream's until it is closed. */
export function measuredCalls(middleware: GrpcServerMiddleware): GrpcServerMiddleware {
  return async function* measured(call, callContext) {
    const record = measureServer('rpc');
    // Unless it answers or fails: whoever called has gone away.
    let code: GrpcCode = 'CANCELLED';
    try {
      const response = yield* middleware(call, callContext);
      if (!callContext.signal.aborted) code = 'OK';
      return response;
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      record(rpcMeasure(call.method.path, code));
    }
  };
}
