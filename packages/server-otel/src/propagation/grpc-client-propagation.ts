import { ProxyTracerProvider } from '@opentelemetry/api';
import type { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';

/**
 * Writes the active context into the metadata of outgoing gRPC calls, and does nothing else. The patches are
 * OpenTelemetry's; their tracer creates no spans and hands the active context on, so the next service sees the
 * span that really asked for the call, not a client span that says the same once more.
 */
export class GrpcClientPropagation extends GrpcInstrumentation {
  constructor() {
    super();
    this.setTracerProvider(new ProxyTracerProvider());
  }

  /** Servers have a middleware of their own (`grpcServerTracing`): their patch is taken off again. */
  override init(): InstrumentationNodeModuleDefinition[] {
    const definitions = super.init();
    for (const definition of definitions) {
      const patch = definition.patch;
      definition.patch = (exports, version) => {
        const patched = patch?.(exports, version) ?? exports;
        this._unwrap(patched.Server.prototype, 'register');
        return patched;
      };
    }
    return definitions;
  }
}
