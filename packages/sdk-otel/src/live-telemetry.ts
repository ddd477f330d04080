import {
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { AttemptMemory } from './attempts.ts';
import { Metrics, type SlotHolder } from './metrics.ts';
import { type HatchetInstrumentorConfig, type Settings, settingsOf } from './settings.ts';
import type { Telemetry } from './telemetry.ts';
import { VERSION } from './version.ts';

/** What the patches ask, as the instrumentor answers it: providers and configuration may change between two calls. */
export interface TelemetrySource {
  isEnabled(): boolean;
  getConfig(): HatchetInstrumentorConfig;
  /** the provider that the instrumentor was given; the global one when undefined */
  tracerProvider(): TracerProvider | undefined;
  meterProvider(): MeterProvider | undefined;
}

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

  // Not the one that InstrumentationBase keeps: it comes from that package's copy of the API, which an ES module of API
  // 1.10 is not, and a proxy of one copy never learns of a provider that another registers later.
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

/** The instrumentation scope. */
export const SCOPE = '@hatchet-ts/sdk-otel';

// what a provider of the SDK has and the API does not speak of
interface Flushable {
  forceFlush?(): Promise<void>;
}

// the API's global provider stands for the one that is registered, or for none
function delegateOf(provider: TracerProvider): TracerProvider {
  return (provider as Partial<ProxyTracerProvider>).getDelegate?.() ?? provider;
}

const NOOP_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
const NOOP_METER = createNoopMeter();
