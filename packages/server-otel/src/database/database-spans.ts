import {
  type Context,
  context,
  createNoopMeter,
  INVALID_SPAN_CONTEXT,
  type MeterProvider,
  ProxyTracerProvider,
  type Span,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Instrumentation, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import type { PgInstrumentationConfig } from '@opentelemetry/instrumentation-pg';
import { loadDatabaseInstrumentation } from '../pipeline/sdk.ts';

/**
 * Starts to make CLIENT spans of pg's queries with the stable `db.*` attributes, below a recorded span only.
 * Statements are recorded, their parameters never. pg must be loaded after this.
 *
 * @param meterProvider with one the durations of all queries and the pool's connections are measured as well
 * @returns ends it
 */
export function startDatabaseSpans(tracerProvider: TracerProvider, meterProvider?: MeterProvider): () => void {
  // Modules can be patched once only: a second start gives the patches another destination.
  installed ??= patchPg();
  const instrumentation = installed;
  instrumentation.setTracerProvider(belowRecordedOnly(tracerProvider));
  instrumentation.setMeterProvider(meterProvider ?? NOT_MEASURING);
  // What has no parent is left alone, so that it costs nothing; who measures wants to know of it, too.
  instrumentation.setConfig({ requireParentSpan: meterProvider === undefined, ignoreConnectSpans: true });
  return () => {
    instrumentation.setTracerProvider(new ProxyTracerProvider());
    instrumentation.setMeterProvider(NOT_MEASURING);
    instrumentation.setConfig({ requireParentSpan: true, ignoreConnectSpans: true });
  };
}

const NOT_MEASURING: MeterProvider = { getMeter: createNoopMeter };

let installed: Instrumentation<PgInstrumentationConfig> | undefined;

function patchPg(): Instrumentation<PgInstrumentationConfig> {
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
      let original: Connect | undefined;
      pool.patch = (exports, version) => {
        // Below the instrumentation's own patch; `_wrap` would take that one off.
        original = exports.prototype.connect as Connect;
        exports.prototype.connect = bindCallback(original);
        return patch?.(exports, version) ?? exports;
      };
      pool.unpatch = (exports, version) => {
        unpatch?.(exports, version);
        if (original !== undefined) exports.prototype.connect = original;
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
