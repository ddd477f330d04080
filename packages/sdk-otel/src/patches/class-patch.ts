import type { Telemetry } from '../telemetry.ts';

/** One class of the SDK and how its methods are wrapped. */
export interface ClassPatch {
  /** relative to the SDK's package */
  readonly file: string;
  readonly className: string;
  /** a method that is not wrapped, by which instances and classes of a bundle are known */
  readonly marker?: string;
  /** a method of another class with the same method names, to tell them apart in a bundle */
  readonly notWith?: string;
  /** methods that came after the oldest supported release: where they are missing nothing is amiss */
  readonly later?: readonly string[];
  readonly wrappers: { readonly [method: string]: Wrapper };
  /** Getters of the class, and what to do with the object that each returns. */
  readonly accessors?: { readonly [property: string]: (owner: unknown, value: unknown) => void };
}

/** From the original method to the traced one. */
export type Wrapper = (original: Method, telemetry: Telemetry) => Method;

/** A method as a patch sees it: what it is really given and returns is the SDK's business. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where a prototype's methods are not yet known
export type Method = (this: any, ...args: any[]) => any;
