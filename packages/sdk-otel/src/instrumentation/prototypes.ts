import { guard } from '../call/guard.ts';
import type { ClassPatch, Method } from './class-patch.ts';

/** Prototype of the SDK whose methods are not yet typed. */
export type Prototype = Record<string, Method | undefined>;

/** Returns the prototype of the patch's class among the exports of a module. */
export function prototypeOf(exports: unknown, { className }: ClassPatch): Prototype | undefined {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return undefined;
  const exported = (exports as Record<string, unknown>)[className];
  return typeof exported === 'function' ? (exported.prototype as Prototype) : undefined;
}

/**
 * Finds the prototypes of the patch's class among instances and classes of a bundle. A bundler renames classes, so methods
 * identify them.
 */
export function prototypesIn(sdk: readonly unknown[], patch: ClassPatch): Prototype[] {
  const methods = [...Object.keys(patch.wrappers), ...Object.keys(patch.accessors ?? {})].filter(
    (method) => !patch.later?.includes(method),
  );
  if (patch.marker) methods.push(patch.marker);
  return sdk.flatMap((part) => {
    const found = new Set<Prototype>();
    for (const candidate of [prototypeOf(part, patch), ...candidatePrototypes(part)]) {
      if (candidate && methods.every((method) => Object.hasOwn(candidate, method)) && !isV0Class(candidate, patch)) {
        found.add(candidate);
      }
    }
    return [...found];
  });
}

// the main entry's AdminClient is the class of the v0 client: the same names with other signatures
function isV0Class(candidate: Prototype, { notWith }: ClassPatch): boolean {
  return notWith !== undefined && Object.hasOwn(candidate, notWith);
}

function candidatePrototypes(part: unknown): (Prototype | undefined)[] {
  const own = (value: unknown): Prototype | undefined => {
    if (typeof value === 'function') return value.prototype as Prototype | undefined;
    return typeof value === 'object' && value !== null ? (Object.getPrototypeOf(value) as Prototype) : undefined;
  };
  if (typeof part !== 'object' || part === null) return [own(part)];
  return [
    own(part),
    ...PARTS.map((name) => own(guard(`reading ${name}`, () => (part as Record<string, unknown>)[name]))),
  ];
}

// Properties with which a client and a worker hold instances of the patched classes. `durableListener` is missing:
// reading it starts a timer that keeps the process alive, so an application with durable tasks passes it itself.
const PARTS = ['admin', 'events', 'dispatcher', 'scheduled', 'crons', 'runs', '_internal'] as const;
