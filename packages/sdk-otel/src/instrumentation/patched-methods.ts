import { diag } from '@opentelemetry/api';
import { isWrapped } from '@opentelemetry/instrumentation';
import { guard } from '../call/guard.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ClassPatch, Method } from './class-patch.ts';
import type { Prototype } from './prototypes.ts';

/** Patched class in one copy of the SDK. */
export interface PatchedClass {
  readonly className: string;
  /** Undefined for a bundled SDK. */
  readonly sdkVersion: string | undefined;
  /** Methods that this package traces. */
  readonly methods: readonly string[];
  /** Methods that other code has replaced or wrapped since. */
  readonly replaced: readonly string[];
  /** Methods that this release of the SDK lacks unexpectedly. */
  readonly missing: readonly string[];
}

/** Wrapping functions of `InstrumentationBase`. */
export interface Shimmer {
  wrap(prototype: Prototype, method: string, wrapper: (original: Method) => Method): void;
  unwrap(prototype: Prototype, method: string): void;
}

/** Methods that an instrumentor has patched, in every copy of the SDK. */
export class PatchedMethods {
  readonly #classes = new Map<Prototype, Entry>();
  readonly #shimmer: Shimmer;

  constructor(shimmer: Shimmer) {
    this.#shimmer = shimmer;
  }

  /** Patches the methods of a prototype, except those that are patched already. */
  add(prototype: Prototype, patch: ClassPatch, telemetry: Telemetry, sdkVersion: string | undefined): void {
    const { className, wrappers } = patch;
    const entry: Entry = this.#classes.get(prototype) ?? {
      className,
      sdkVersion,
      wrapped: new Map(),
      missing: new Set(),
      restore: observeProperties(prototype, patch),
    };
    this.#classes.set(prototype, entry);
    for (const [method, wrapper] of Object.entries(wrappers)) {
      const original = prototype[method];
      if (entry.wrapped.has(method) || entry.missing.has(method)) continue;
      if (typeof original !== 'function') {
        if (patch.later?.includes(method)) continue;
        entry.missing.add(method);
        diag.warn(`@hatchet-ts/sdk-otel: the SDK has no ${className}.${method}; this call is not traced`);
        continue;
      }
      if (isWrapped(original)) {
        diag.warn(`@hatchet-ts/sdk-otel: ${className}.${method} has another instrumentation; this one replaces it`);
      }
      this.#shimmer.wrap(prototype, method, (unwrapped) => wrapper(unwrapped, telemetry));
      entry.wrapped.set(method, prototype[method]!);
    }
  }

  /** Restores the originals. A wrapper that other code has added since stays; our wrapper inside it only passes calls on. */
  restore(): void {
    for (const [prototype, { wrapped, restore }] of this.#classes) {
      for (const [method, ours] of wrapped) if (prototype[method] === ours) this.#shimmer.unwrap(prototype, method);
      restore();
    }
    this.#classes.clear();
  }

  /**
   * Reports once the methods that another instrumentation has replaced. Hatchet's own `HatchetInstrumentor` removes
   * existing wrappers if it is created after this one.
   */
  reportReplaced(): void {
    for (const [prototype, entry] of this.#classes) {
      const replaced = replacedMethods(prototype, entry);
      if (replaced.length === 0 || entry.reported) continue;
      entry.reported = true;
      const methods = replaced.map((method) => `${entry.className}.${method}`).join(', ');
      diag.warn(
        `@hatchet-ts/sdk-otel: another instrumentation has replaced ${methods}; these calls are not traced; remove the other one`,
      );
    }
  }

  list(): PatchedClass[] {
    return [...this.#classes].map(([prototype, entry]) => ({
      className: entry.className,
      sdkVersion: entry.sdkVersion,
      methods: [...entry.wrapped.keys()],
      replaced: replacedMethods(prototype, entry),
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

function replacedMethods(prototype: Prototype, { wrapped }: Entry): string[] {
  return [...wrapped].filter(([method, ours]) => prototype[method] !== ours).map(([method]) => method);
}

function observeProperties(prototype: Prototype, { accessors = {}, assignments = {} }: ClassPatch): () => void {
  const restoreAccessors = observeAccessors(prototype, accessors);
  const restoreAssignments = observeAssignments(prototype, assignments);
  return () => {
    restoreAccessors();
    restoreAssignments();
  };
}

// A setter of the prototype sees what a constructor assigns; the instance then has the property itself, as without it.
function observeAssignments(prototype: Prototype, assignments: NonNullable<ClassPatch['assignments']>): () => void {
  const observed = Object.entries(assignments).filter(([property]) => !Object.hasOwn(prototype, property));
  for (const [property, observe] of observed) {
    Object.defineProperty(prototype, property, {
      configurable: true,
      get: () => undefined,
      set(this: object, value: unknown) {
        Object.defineProperty(this, property, { value, writable: true, enumerable: true, configurable: true });
        guard(`observing ${property}`, () => observe(value));
      },
    });
  }
  return () => {
    for (const [property] of observed) Reflect.deleteProperty(prototype, property);
  };
}

// Shimmer wraps only methods, so a getter is replaced by one that passes its result to the observer, once for all
// instrumentors.
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
        guard(`observing ${property}`, () => observe(this, value));
        return value;
      },
    });
  }
  return originals;
}
