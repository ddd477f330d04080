import { diag, type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api';
import {
  InstrumentationBase,
  type InstrumentationModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { type Explanation, explanationLines, explanationOf } from './explanation.ts';
import { guarded } from './guard.ts';
import { LiveTelemetry, SCOPE } from './live-telemetry.ts';
import { isSupportedSdk, loadedFiles, SDK_PACKAGE, SUPPORTED_SDK } from './loaded-modules.ts';
import { PatchedMethods, type Prototype } from './patched-methods.ts';
import { adminClientPatch } from './patches/admin-client.ts';
import type { ClassPatch } from './patches/class-patch.ts';
import { contextPatch } from './patches/context.ts';
import { cronClientPatch } from './patches/cron-client.ts';
import { dispatcherClientPatch } from './patches/dispatcher-client.ts';
import { durableContextPatch } from './patches/durable-context.ts';
import { durableListenerClientPatch } from './patches/durable-listener-client.ts';
import { eventClientPatch } from './patches/event-client.ts';
import { hatchetClientPatch } from './patches/hatchet-client.ts';
import { internalWorkerPatch } from './patches/internal-worker.ts';
import { runsClientPatch } from './patches/runs-client.ts';
import { scheduleClientPatch } from './patches/schedule-client.ts';
import type { HatchetInstrumentorConfig } from './settings.ts';
import type { Telemetry } from './telemetry.ts';
import { VERSION } from './version.ts';

/**
 * Traces the official Hatchet SDK: runs, events, and the tasks of a worker.
 *
 * Works with the tracer provider that it is given, or with the global one, and sets neither up. It may be made
 * before or after the SDK is loaded; a bundled SDK is given to {@link HatchetInstrumentor.instrument}.
 */
export class HatchetInstrumentor extends InstrumentationBase<HatchetInstrumentorConfig> {
  readonly #patched: PatchedMethods;
  readonly #telemetry: Telemetry;
  readonly #unsupported: Set<string> = new Set();
  #given: TracerProvider | undefined;
  #givenMeters: MeterProvider | undefined;
  #reporting = false;

  constructor(config: HatchetInstrumentorConfig = {}) {
    // the base constructor would enable before this class has its fields
    super(SCOPE, VERSION, { ...config, enabled: false });
    this.#patched = new PatchedMethods({
      wrap: (prototype, method, wrapper) =>
        void this._wrap(prototype, method, (original) => original && wrapper(original)),
      unwrap: (prototype, method) => void this._unwrap(prototype, method),
    });
    this.#telemetry = new LiveTelemetry({
      isEnabled: () => this.isEnabled(),
      getConfig: () => this.getConfig(),
      tracerProvider: () => this.#given,
      meterProvider: () => this.#givenMeters,
    });
    this.setConfig(config);
    if (config.tracerProvider) this.setTracerProvider(config.tracerProvider);
    if (config.meterProvider) this.setMeterProvider(config.meterProvider);
    if (config.enabled !== false) this.enable();
  }

  /**
   * Switches the tracing on; a second call does nothing.
   *
   * @param sdk what a bundler left of the SDK: instances (the client, a worker) or its classes. Not needed where the
   *   SDK is loaded from node_modules.
   */
  instrument(...sdk: readonly unknown[]): this {
    this.enable();
    let found = 0;
    for (const patch of CLASS_PATCHES) {
      for (const prototype of prototypesIn(sdk, patch)) {
        this.#patched.add(prototype, patch, this.#telemetry, undefined);
        found++;
      }
    }
    if (sdk.length > 0 && found === 0) {
      diag.warn(
        '@hatchet-ts/sdk-otel: instrument() found nothing to trace in what it was given; pass the client and the worker',
      );
    }
    return this;
  }

  /** Switches it off: every patched method is the original again. */
  uninstrument(): this {
    this.disable();
    return this;
  }

  /** What is patched, where the spans go, and what is missing. */
  explain(): Explanation {
    return explanationOf({
      enabled: this.isEnabled(),
      patched: this.#patched.list(),
      given: this.#given,
      unsupported: [...this.#unsupported],
    });
  }

  override enable(): void {
    super.enable();
    const versions = new Set<string>();
    for (const patch of CLASS_PATCHES) {
      for (const { exports, version } of loadedFiles(patch.file)) {
        if (this.#patchExports(exports, patch, version)) versions.add(version ?? 'of an unknown version');
      }
    }
    if (versions.size > 0) {
      diag.info(
        `@hatchet-ts/sdk-otel: patched ${SDK_PACKAGE} ${[...versions].join(' and ')} in place: it was loaded before`,
      );
    }
  }

  override disable(): void {
    super.disable();
    this.#patched.restore();
  }

  /** A provider that the constructor was given stays when the application registers the global one. */
  override setTracerProvider(tracerProvider: TracerProvider): void {
    const isGlobal = 'getDelegate' in tracerProvider; // the API's stand-in, of whichever copy of the API
    if (this.getConfig().tracerProvider && isGlobal) return;
    this.#given = isGlobal ? undefined : tracerProvider;
    super.setTracerProvider(tracerProvider);
  }

  /** The same for meters. The global provider is asked for at each use, since it may be registered later. */
  override setMeterProvider(meterProvider: MeterProvider): void {
    if (meterProvider === metrics.getMeterProvider()) return;
    this.#givenMeters = meterProvider;
    super.setMeterProvider(meterProvider);
    void this.#telemetry.metrics; // the slots are observed although nothing runs yet
  }

  protected override init(): InstrumentationModuleDefinition {
    return {
      name: SDK_PACKAGE,
      supportedVersions: ['*'], // ours to judge, so that an SDK that is too old is said to be
      includePrerelease: true,
      patch: undefined,
      unpatch: undefined,
      files: CLASS_PATCHES.map(
        (patch) =>
          new InstrumentationNodeModuleFile(
            `${SDK_PACKAGE}/${patch.file}`,
            ['*'],
            (exports: unknown, version?: string) => {
              this.#patchExports(exports, patch, version);
              this.#reportSoon();
              return exports;
            },
            () => undefined, // disable() restores what was patched, in every copy of the SDK
          ),
      ),
    };
  }

  #patchExports(exports: unknown, patch: ClassPatch, version: string | undefined): boolean {
    if (!isSupportedSdk(version)) {
      this.#reportUnsupported(String(version));
      return false;
    }
    const prototype = prototypeOf(exports, patch);
    if (prototype) this.#patched.add(prototype, patch, this.#telemetry, version);
    else diag.warn(`@hatchet-ts/sdk-otel: ${patch.file} of the SDK has no ${patch.className}; it is not traced`);
    return prototype !== undefined;
  }

  // once the SDK is loaded: by then the hooks of every other instrumentation have had its files too
  #reportSoon(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    queueMicrotask(() => {
      this.#reporting = false;
      this.#patched.reportReplaced();
      diag.debug(explanationLines(this.explain()).join('\n'));
    });
  }

  #reportUnsupported(version: string): void {
    if (this.#unsupported.has(version)) return;
    this.#unsupported.add(version);
    diag.warn(
      `@hatchet-ts/sdk-otel: ${SDK_PACKAGE} ${version} is not traced: the supported releases are ${SUPPORTED_SDK}`,
    );
  }
}

const CLASS_PATCHES: readonly ClassPatch[] = [
  adminClientPatch,
  eventClientPatch,
  internalWorkerPatch,
  dispatcherClientPatch,
  contextPatch,
  durableContextPatch,
  durableListenerClientPatch,
  scheduleClientPatch,
  cronClientPatch,
  runsClientPatch,
  hatchetClientPatch,
];

function prototypeOf(exports: unknown, { className }: ClassPatch): Prototype | undefined {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return undefined;
  const exported = (exports as Record<string, unknown>)[className];
  return typeof exported === 'function' ? (exported.prototype as Prototype) : undefined;
}

// A bundler renames classes, so instances and classes are known by their methods.
function* prototypesIn(sdk: readonly unknown[], patch: ClassPatch): Generator<Prototype> {
  const methods = [...Object.keys(patch.wrappers), ...Object.keys(patch.accessors ?? {})].filter(
    (method) => !patch.later?.includes(method),
  );
  if (patch.marker) methods.push(patch.marker);
  for (const given of sdk) {
    const candidates = [prototypeOf(given, patch), ...within(given)];
    const found = new Set<Prototype>();
    for (const candidate of candidates) {
      if (candidate && methods.every((method) => Object.hasOwn(candidate, method)) && !unlike(candidate, patch)) {
        found.add(candidate);
      }
    }
    yield* found;
  }
}

// the main entry's AdminClient is the class of the v0 client: the same names, other signatures
function unlike(candidate: Prototype, { notWith }: ClassPatch): boolean {
  return notWith !== undefined && Object.hasOwn(candidate, notWith);
}

function within(given: unknown): (Prototype | undefined)[] {
  const own = (value: unknown): Prototype | undefined => {
    if (typeof value === 'function') return value.prototype as Prototype | undefined;
    return typeof value === 'object' && value !== null ? (Object.getPrototypeOf(value) as Prototype) : undefined;
  };
  if (typeof given !== 'object' || given === null) return [own(given)];
  return [
    own(given),
    ...PARTS.map((part) => own(guarded(`reading ${part}`, () => (given as Record<string, unknown>)[part]))),
  ];
}

// Where a client and a worker keep the instances of the patched classes. Not `durableListener`: asking for it starts a
// timer that keeps the process alive, so an application with durable tasks gives it itself.
const PARTS = ['admin', 'events', 'dispatcher', 'scheduled', 'crons', 'runs', '_internal'] as const;
