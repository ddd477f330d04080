import { diag, type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api';
import {
  InstrumentationBase,
  type InstrumentationModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import type { HatchetInstrumentorConfig } from './configuration/settings.ts';
import type { ClassPatch } from './instrumentation/class-patch.ts';
import { type Explanation, explanationLines, explanationOf } from './instrumentation/explanation.ts';
import { isSupportedSdk, loadedFiles, SDK_PACKAGE, SUPPORTED_SDK } from './instrumentation/loaded-sdk.ts';
import { PatchedMethods } from './instrumentation/patched-methods.ts';
import { prototypeOf, prototypesIn } from './instrumentation/prototypes.ts';
import { adminClientPatch } from './patches/admin-client.ts';
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
import type { Telemetry } from './telemetry/telemetry.ts';
import { LiveTelemetry, SCOPE, VERSION } from './telemetry/telemetry.ts';

/**
 * Traces the official Hatchet SDK: runs, events, and the tasks of a worker.
 *
 * Uses the given tracer provider, or the global one, and sets up neither. It may be created before or after the SDK is
 * loaded; pass a bundled SDK to {@link HatchetInstrumentor.instrument}.
 */
export class HatchetInstrumentor extends InstrumentationBase<HatchetInstrumentorConfig> {
  readonly #patched: PatchedMethods;
  readonly #telemetry: Telemetry;
  readonly #unsupported: Set<string> = new Set();
  #given: TracerProvider | undefined;
  #givenMeters: MeterProvider | undefined;
  #reporting = false;

  constructor(config: HatchetInstrumentorConfig = {}) {
    // the base constructor would enable it before this class has its fields
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
   * Enables tracing; a second call does nothing.
   *
   * @param sdk instances (client, worker) or classes of a bundled SDK; not needed if the SDK is loaded from node_modules
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
        '@hatchet-ts/sdk-otel: instrument() found no class of the SDK in its arguments; nothing of them is traced; pass the client and the worker',
      );
    }
    return this;
  }

  /** Disables tracing and restores all patched methods. */
  uninstrument(): this {
    this.disable();
    return this;
  }

  /** Returns the patched classes, the destination of the spans and the problems found. */
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
        if (this.#patchExports(exports, patch, version)) versions.add(version ?? 'of unknown version');
      }
    }
    if (versions.size > 0) {
      diag.info(
        `@hatchet-ts/sdk-otel: patched ${SDK_PACKAGE} ${[...versions].join(' and ')}, which was already loaded`,
      );
    }
  }

  override disable(): void {
    super.disable();
    this.#patched.restore();
  }

  /** Sets the tracer provider. The provider of the constructor stays when the application registers a global one. */
  override setTracerProvider(tracerProvider: TracerProvider): void {
    const isGlobal = 'getDelegate' in tracerProvider; // the API's proxy, of any copy of the API
    if (this.getConfig().tracerProvider && isGlobal) return;
    this.#given = isGlobal ? undefined : tracerProvider;
    super.setTracerProvider(tracerProvider);
  }

  /** Sets the meter provider. The global one is looked up at each use, since it may be registered later. */
  override setMeterProvider(meterProvider: MeterProvider): void {
    if (meterProvider === metrics.getMeterProvider()) return;
    this.#givenMeters = meterProvider;
    super.setMeterProvider(meterProvider);
    void this.#telemetry.metrics; // creates the slot gauge before the first call
  }

  protected override init(): InstrumentationModuleDefinition {
    return {
      name: SDK_PACKAGE,
      supportedVersions: ['*'], // the patch itself checks the version, to report an unsupported one
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
            () => undefined, // disable() restores the methods in every copy of the SDK
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
    else
      diag.warn(`@hatchet-ts/sdk-otel: ${patch.file} of the SDK has no ${patch.className}; its calls are not traced`);
    return prototype !== undefined;
  }

  // after the SDK is loaded, when the hooks of other instrumentations have run for its files too
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
      `@hatchet-ts/sdk-otel: ${SDK_PACKAGE} ${version} is not supported; it is not traced; install a release ${SUPPORTED_SDK}`,
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
