import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { GrpcClientPropagation } from './grpc-client-propagation.ts';
import { TraceContextPropagator } from './trace-context-propagator.ts';

/**
 * Makes a process without tracing pass on the trace contexts that it receives, through its own asynchronous work and
 * into HTTP headers. With tracing the tracer provider registers the same two (`tracing-pipeline.ts`).
 *
 * @returns a function that removes the context manager and the propagator
 */
export function installPropagation(): () => void {
  const remove = createGlobalsRemover();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new TraceContextPropagator());
  return remove;
}

/**
 * Creates a function that removes the global context manager and propagator, unless they were registered before this
 * call: registering does not replace those of another SDK.
 */
export function createGlobalsRemover(): () => void {
  const ownsContextManager = !hasContextManager();
  const ownsPropagator = propagation.fields().length === 0;
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
