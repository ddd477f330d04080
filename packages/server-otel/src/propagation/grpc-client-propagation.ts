import { ProxyTracerProvider } from '@opentelemetry/api';
import type { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';

/**
 * Writes the active context into the metadata of outgoing gRPC calls, and does nothing else. The patches are
 * OpenTelemetry's. Their tracer creates no spans, so the next service sees the span that caused the call, without a
 * client span between.
 */
export class GrpcClientPropagation extends GrpcInstrumentation {
  constructor() {
    super();
    this.setTracerProvider(new ProxyTracerProvider());
  }

  /** Removes the patch of servers: they have a middleware of their own (`grpcServerTracing`). */
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
