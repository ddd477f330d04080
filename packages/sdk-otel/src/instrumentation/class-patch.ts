import type { Telemetry } from '../telemetry/telemetry.ts';

/** A class of the SDK and the wrappers of its methods. */
export interface ClassPatch {
  /** Path relative to the SDK's package. */
  readonly file: string;
  readonly className: string;
  /** Method that is not wrapped and identifies instances and classes in a bundle. */
  readonly marker?: string;
  /** Method of another class with the same method names, to distinguish the two in a bundle. */
  readonly notWith?: string;
  /** Methods that were added after the oldest supported release, and may be missing. */
  readonly later?: readonly string[];
  readonly wrappers: { readonly [method: string]: Wrapper };
  /** Observers of the objects that the class's getters return. */
  readonly accessors?: { readonly [property: string]: (owner: unknown, value: unknown) => void };
  /** Observers of the objects that the constructor assigns to properties. */
  readonly assignments?: { readonly [property: string]: (value: unknown) => void };
}

/** Creates the traced method from the original one. */
export type Wrapper = (original: Method, telemetry: Telemetry) => Method;

/** Method of a prototype whose arguments and result are not known at this place. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where a prototype's methods are not yet known
export type Method = (this: any, ...args: any[]) => any;
