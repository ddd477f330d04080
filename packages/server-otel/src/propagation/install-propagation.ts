import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { GrpcClientPropagation } from './grpc-client-propagation.ts';
import { TraceContextPropagator } from './trace-context-propagator.ts';

/**
 * Makes the process hand on the trace contexts that it receives, whether it traces or not: through its own
 * asynchronous work, into HTTP headers and into the metadata of its gRPC calls.
 *
 * @returns takes the context manager and the propagator away again
 */
export function installPropagation(): () => void {
  const manager = context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagator = propagation.setGlobalPropagator(new TraceContextPropagator());
  if (!patched) {
    patched = true;
    // It patches grpc-js from its constructor on, once for the process: without a propagator the patch does nothing.
    new GrpcClientPropagation();
  }
  return () => {
    if (manager) context.disable();
    if (propagator) propagation.disable();
  };
}

let patched = false;
