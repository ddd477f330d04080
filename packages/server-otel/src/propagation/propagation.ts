import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { GrpcClientPropagation } from './grpc-client-propagation.ts';
import { TraceContextPropagator } from './trace-context-propagator.ts';

/**
 * Makes a process pass on the trace contexts that it receives, with or without tracing: through its own asynchronous work
 * and into HTTP headers. A context manager and a propagator that another SDK has registered stay.
 *
 * @returns a function that removes what this call has registered
 */
export function installPropagation(): () => void {
  const ownsContextManager = !hasContextManager();
  const ownsPropagator = propagation.fields().length === 0;
  // The API would log an error with a stack trace for each that another SDK has registered before.
  if (ownsContextManager) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (ownsPropagator) propagation.setGlobalPropagator(new TraceContextPropagator());
  return () => {
    if (ownsContextManager) context.disable();
    if (ownsPropagator) propagation.disable();
  };
}

/** The API's no-op context manager ignores `with`. */
function hasContextManager(): boolean {
  const probe = ROOT_CONTEXT.setValue(PROBE, true);
  return context.with(probe, () => context.active().getValue(PROBE) === true);
}

const PROBE = Symbol('context manager probe');

/**
 * Makes gRPC clients write the active context into the metadata of their calls, once per process. grpc-js must be loaded
 * after this. Without a global propagator the patch does nothing.
 */
export function patchGrpcClients(): void {
  if (isPatched) return;
  isPatched = true;
  // The constructor enables the patch.
  new GrpcClientPropagation();
}

let isPatched = false;
