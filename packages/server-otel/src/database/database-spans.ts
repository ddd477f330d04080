import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type MeterProvider,
  ProxyTracerProvider,
  type Span,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import {
  type Instrumentation,
  type InstrumentationNodeModuleDefinition,
  isWrapped,
} from '@opentelemetry/instrumentation';
import { loadDatabaseInstrumentation } from '../pipeline/sdk.ts';

/**
 * Starts to make CLIENT spans of pg's queries with the stable `db.*` attributes, below a recorded span only.
 * Statements are recorded, their parameters never. pg must be loaded after this.
 *
 * @returns ends it
 */
export function startDatabaseSpans(tracerProvider: TracerProvider, meterProvider: MeterProvider): () => void {
  // Modules can be patched once only: a second start gives the patches another destination.
  installed ??= patchPg();
  const instrumentation = installed;
  instrumentation.setTracerProvider(belowRecordedOnly(tracerProvider));
  instrumentation.setMeterProvider(meterProvider);
  return () => instrumentation.setTracerProvider(new ProxyTracerProvider());
}

let installed: Instrumentation | undefined;

function patchPg(): Instrumentation {
  const { PgInstrumentation } = loadDatabaseInstrumentation();
  /**
   * A query that waits for a connection is started by whoever gives one back, in that one's context. The
   * instrumentation binds the waiting callback only where it makes a connect span; here it always is bound.
   */
  class DatabaseSpans extends PgInstrumentation {
    override init(): InstrumentationNodeModuleDefinition[] {
      const definitions = super.init();
      const pool = definitions.find(({ name }) => name === 'pg-pool');
      if (pool === undefined) return definitions;
      const { patch, unpatch } = pool;
      pool.patch = (exports, version) => {
        const patched = patch?.(exports, version) ?? exports;
        this._wrap(patched.prototype, 'connect', bindCallback);
        return patched;
      };
      pool.unpatch = (exports, version) => {
        if (isWrapped(exports.prototype.connect)) this._unwrap(exports.prototype, 'connect');
        unpatch?.(exports, version);
      };
      return definitions;
    }
  }
  return new DatabaseSpans({ requireParentSpan: true, ignoreConnectSpans: true });
}

type Connect = (this: unknown, callback?: (...results: unknown[]) => void) => unknown;

function bindCallback(connect: Connect): Connect {
  return function connectInContext(callback) {
    return connect.call(this, callback === undefined ? undefined : context.bind(context.active(), callback));
  };
}

/** Below a trace that this service drops there is a remote context and no span: nothing to hang a query on. */
function belowRecordedOnly(tracerProvider: TracerProvider): TracerProvider {
  return {
    getTracer: (name, version, options) => {
      const tracer = tracerProvider.getTracer(name, version, options);
      const startSpan: Tracer['startSpan'] = (spanName, spanOptions, base: Context = context.active()): Span => {
        const parent = trace.getSpan(base);
        if (parent?.isRecording()) return tracer.startSpan(spanName, spanOptions, base);
        return trace.wrapSpanContext(parent?.spanContext() ?? INVALID_SPAN_CONTEXT);
      };
      return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
    },
  };
}
