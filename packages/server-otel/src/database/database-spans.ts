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
import { loadDatabaseInstrumentation } from '../modules.ts';

/**
 * Starts recording pg's queries as CLIENT spans with the stable `db.*` attributes, below a recorded span only.
 * Statements are recorded, their parameters never. pg must be loaded after this.
 *
 * @param meterProvider if given, the durations of all queries and the pool's connections are measured as well
 * @returns a function that stops it
 */
export function startDatabaseSpans(tracerProvider: TracerProvider, meterProvider?: MeterProvider): () => void {
  // Modules can be patched only once: a second start gives the patches another destination.
  installed ??= patchPg();
  const instrumentation = installed;
  instrumentation.setTracerProvider(recordedParentsOnly(tracerProvider));
  instrumentation.setMeterProvider(meterProvider ?? NOOP_METER_PROVIDER);
  // Queries without a parent cost nothing, unless metrics count them.
  instrumentation.setConfig({ requireParentSpan: meterProvider === undefined, ignoreConnectSpans: true });
  return () => {
    instrumentation.setTracerProvider(new ProxyTracerProvider());
    instrumentation.setMeterProvider(NOOP_METER_PROVIDER);
    instrumentation.setConfig({ requireParentSpan: true, ignoreConnectSpans: true });
  };
}

const NOOP_METER_PROVIDER: MeterProvider = { getMeter: createNoopMeter };

let installed: Instrumentation<PgInstrumentationConfig> | undefined;

function patchPg(): Instrumentation<PgInstrumentationConfig> {
  const { PgInstrumentation } = loadDatabaseInstrumentation();
  /**
   * A query that waits for a connection starts when another one releases it, in the context of that other one. The
   * instrumentation binds the waiting callback only if it creates a connect span; this class always binds it.
   */
  class DatabaseSpans extends PgInstrumentation {
    override init(): InstrumentationNodeModuleDefinition[] {
      const definitions = super.init();
      const pool = definitions.find(({ name }) => name === 'pg-pool');
      if (pool === undefined) return definitions;
      const { patch, unpatch } = pool;
      let original: Connect | undefined;
      pool.patch = (exports, version) => {
        // Below the instrumentation's own patch, which `_wrap` would remove.
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

/** Creates spans below a recorded span only: in a trace that this service drops, there is no local span as parent. */
function recordedParentsOnly(tracerProvider: TracerProvider): TracerProvider {
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
