import { diag } from '@opentelemetry/api';
import { isWrapped } from '@opentelemetry/instrumentation';
import { guarded } from './guard.ts';
import type { ClassPatch, Method } from './patches/class-patch.ts';
import type { Telemetry } from './telemetry.ts';

/** A prototype of the SDK, before it is known what its methods take. */
export type Prototype = Record<string, Method | undefined>;

/** One class that was patched, in one copy of the SDK. */
export interface PatchedClass {
  readonly className: string;
  /** undefined for what a bundler left of the SDK */
  readonly sdkVersion: string | undefined;
  /** the methods that this package traces */
  readonly methods: readonly string[];
  /** methods that something else has replaced or wrapped since */
  readonly replaced: readonly string[];
  /** methods that this release of the SDK should have and does not */
  readonly missing: readonly string[];
}

/** shimmer, as `InstrumentationBase` offers it */
export interface Shimmer {
  wrap(prototype: Prototype, method: string, wrapper: (original: Method) => Method): void;
  unwrap(prototype: Prototype, method: string): void;
}

/** What an instrumentor has patched, in every copy of the SDK that it met. */
export class PatchedMethods {
  readonly #classes = new Map<Prototype, Entry>();
  readonly #shimmer: Shimmer;

  constructor(shimmer: Shimmer) {
    this.#shimmer = shimmer;
  }

  /** A method that is patched already is left alone. */
  add(prototype: Prototype, patch: ClassPatch, telemetry: Telemetry, sdkVersion: string | undefined): void {
    const { className, wrappers } = patch;
    const entry: Entry = this.#classes.get(prototype) ?? {
      className,
      sdkVersion,
      wrapped: new Map(),
      missing: new Set(),
      restore: observeAccessors(prototype, patch.accessors ?? {}),
    };
    this.#classes.set(prototype, entry);
    for (const [method, wrapper] of Object.entries(wrappers)) {
      const original = prototype[method];
      if (entry.wrapped.has(method) || entry.missing.has(method)) continue;
      if (typeof original !== 'function') {
        if (patch.later?.includes(method)) continue;
        entry.missing.add(method);
        diag.warn(`@hatchet-ts/sdk-otel: the SDK has no ${className}.${method}; it is not traced`);
        continue;
      }
      if (isWrapped(original)) {
        diag.warn(`@hatchet-ts/sdk-otel: another instrumentation of ${className}.${method} is replaced by this one`);
      }
      this.#shimmer.wrap(prototype, method, (unwrapped) => wrapper(unwrapped, telemetry));
      entry.wrapped.set(method, prototype[method]!);
    }
  }

  /** The originals again. What somebody else wrapped since stays; ours inside it only passes the call on. */
  restore(): void {
    for (const [prototype, { wrapped, restore }] of this.#classes) {
      for (const [method, ours] of wrapped) if (prototype[method] === ours) this.#shimmer.unwrap(prototype, method);
      restore();
    }
    this.#classes.clear();
  }

  /**
   * Says once which methods another instrumentation has taken over. Hatchet's own `HatchetInstrumentor`, when it is made
   * after this one, removes the wrappers that it finds.
   */
  reportReplaced(): void {
    for (const [prototype, entry] of this.#classes) {
      const replaced = replacedIn(prototype, entry);
      if (replaced.length === 0 || entry.reported) continue;
      entry.reported = true;
      const methods = replaced.map((method) => `${entry.className}.${method}`).join(', ');
      diag.warn(
        `@hatchet-ts/sdk-otel: another instrumentation has replaced ${methods}; remove it, or these calls are not traced by this one`,
      );
    }
  }

  list(): PatchedClass[] {
    return [...this.#classes].map(([prototype, entry]) => ({
      className: entry.className,
      sdkVersion: entry.sdkVersion,
      methods: [...entry.wrapped.keys()],
      replaced: replacedIn(prototype, entry),
      missing: [...entry.missing],
    }));
  }
}

interface Entry {
  readonly className: string;
  readonly sdkVersion: string | undefined;
  readonly wrapped: Map<string, Method>;
  readonly missing: Set<string>;
  readonly restore: () => void;
  reported?: boolean;
}

function replacedIn(prototype: Prototype, { wrapped }: Entry): string[] {
  return [...wrapped].filter(([method, ours]) => prototype[method] !== ours).map(([method]) => method);
}

// shimmer wraps methods; a getter is replaced by one that tells what it returns, once for all instrumentors
function observeAccessors(prototype: Prototype, accessors: NonNullable<ClassPatch['accessors']>): () => void {
  const observed = observedAccessors.get(prototype) ?? { users: 0, originals: replaceGetters(prototype, accessors) };
  observedAccessors.set(prototype, observed);
  observed.users++;
  return () => {
    observed.users--;
    if (observed.users > 0) return;
    observedAccessors.delete(prototype);
    for (const [property, original] of observed.originals) Object.defineProperty(prototype, property, original);
  };
}

const observedAccessors = new WeakMap<Prototype, { users: number; originals: Map<string, PropertyDescriptor> }>();

function replaceGetters(
  prototype: Prototype,
  accessors: NonNullable<ClassPatch['accessors']>,
): Map<string, PropertyDescriptor> {
  const originals = new Map<string, PropertyDescriptor>();
  for (const [property, observe] of Object.entries(accessors)) {
    const original = Object.getOwnPropertyDescriptor(prototype, property);
    if (!original?.get || !original.configurable) continue;
    const { get } = original;
    originals.set(property, original);
    Object.defineProperty(prototype, property, {
      ...original,
      get(this: unknown) {
        const value: unknown = get.call(this);
        guarded(`observing ${property}`, () => observe(this, value));
        return value;
      },
    });
  }
  return originals;
}
