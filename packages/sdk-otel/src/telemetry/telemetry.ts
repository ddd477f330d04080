import {
  context,
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { AttemptMemory } from '../attempts/attempt-memory.ts';
import { type HatchetInstrumentorConfig, type Settings, settingsOf } from '../configuration/settings.ts';
import { Metrics, type SlotHolder } from '../tables/metrics.ts';

/** Version of this package; a test keeps it in step with package.json. */
export const VERSION = '0.1.0';

/** Name of the instrumentation scope. */
export const SCOPE = '@hatchet-ts/sdk-otel';

/** An instrumentor's side that patches use. They read it at each call, since providers and configuration may change. */
export interface Telemetry {
  readonly enabled: boolean;
  readonly tracer: Tracer;
  /** True if a tracer provider exists. */
  readonly tracing: boolean;
  /** Undefined without a meter provider. */
  readonly metrics: Metrics | undefined;
  readonly settings: Settings;
  readonly attempts: AttemptMemory;
  /** Running workers of this process. */
  readonly workers: Set<SlotHolder>;
  /** Flushes the providers; never rejects. */
  flush(): Promise<void>;
}

/** Reports if a call needs preparation: its spans or metrics are recorded, or a received context has to be passed on. */
export function isLive({ enabled, tracing, metrics }: Telemetry): boolean {
  return enabled && (tracing || metrics !== undefined || trace.getSpanContext(context.active()) !== undefined);
}

/** State of the instrumentor that {@link LiveTelemetry} reads. */
export interface TelemetrySource {
  isEnabled(): boolean;
  getConfig(): HatchetInstrumentorConfig;
  /** Provider that was given to the instrumentor; undefined means the global one. */
  tracerProvider(): TracerProvider | undefined;
  meterProvider(): MeterProvider | undefined;
}

/** Telemetry of an instrumentor: resolves providers and configuration at each use and caches them until they change. */
export class LiveTelemetry implements Telemetry {
  readonly attempts: AttemptMemory = new AttemptMemory();
  readonly workers: Set<SlotHolder> = new Set();
  readonly #source: TelemetrySource;
  #config: HatchetInstrumentorConfig | undefined;
  #settings: Settings | undefined;
  #tracerOf: TracerProvider | undefined;
  #tracer: Tracer | undefined;
  #meterProvider: MeterProvider | undefined;
  #metrics: Metrics | undefined;

  constructor(source: TelemetrySource) {
    this.#source = source;
  }

  get enabled(): boolean {
    return this.#source.isEnabled();
  }

  // Not the tracer of InstrumentationBase: that one comes from that package's copy of the API, which differs from an ES
  // module of API 1.10, and a proxy of one copy never sees a provider that another copy registers later.
  get tracer(): Tracer {
    const provider = this.#tracerProvider;
    if (provider !== this.#tracerOf) {
      this.#tracerOf = provider;
      this.#tracer = provider.getTracer(SCOPE, VERSION);
    }
    return this.#tracer!;
  }

  get tracing(): boolean {
    return delegateOf(this.#tracerProvider) !== NOOP_TRACER_PROVIDER;
  }

  get metrics(): Metrics | undefined {
    const provider = this.#source.meterProvider() ?? metrics.getMeterProvider();
    if (provider === this.#meterProvider) return this.#metrics;
    this.#meterProvider = provider;
    this.#metrics?.close();
    const meter: Meter = provider.getMeter(SCOPE, VERSION);
    this.#metrics = meter === NOOP_METER ? undefined : new Metrics(meter, this.workers);
    return this.#metrics;
  }

  get settings(): Settings {
    const config = this.#source.getConfig();
    if (this.#settings && config === this.#config) return this.#settings;
    this.#config = config;
    this.#settings = settingsOf(config);
    return this.#settings;
  }

  readonly flush = async (): Promise<void> => {
    const providers = [delegateOf(this.#tracerProvider), this.#source.meterProvider() ?? metrics.getMeterProvider()];
    await Promise.allSettled(providers.map(async (provider) => (provider as Flushable).forceFlush?.()));
  };

  get #tracerProvider(): TracerProvider {
    return this.#source.tracerProvider() ?? trace.getTracerProvider();
  }
}

// providers of the SDK have this method, the API's interface lacks it
interface Flushable {
  forceFlush?(): Promise<void>;
}

// the API's global provider is a proxy for the registered one, or for a no-op
function delegateOf(provider: TracerProvider): TracerProvider {
  return (provider as Partial<ProxyTracerProvider>).getDelegate?.() ?? provider;
}

const NOOP_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
const NOOP_METER = createNoopMeter();
