import { type Field, readFields } from './protobuf-reader.ts';
import type { SizeLimit } from './size-limit.ts';

/**
 * Nesting of an export request: the field numbers of the messages that lead to its items, level by level. The last level
 * are the items, which can be sent apart from each other.
 */
export type RequestShape = readonly (readonly number[])[];

/** resource_spans → scope_spans → spans */
export const TRACES: RequestShape = [[1], [2], [2]];
/** resource_metrics → scope_metrics → metrics → gauge, sum, histogram, exponential_histogram, summary → data_points */
export const METRICS: RequestShape = [[1], [2], [2], [5, 7, 9, 10, 11], [1]];

/** A request, or a part of one that is a request itself. */
export interface RequestPart {
  readonly bytes: Uint8Array;
  /** Number of spans or data points. */
  readonly items: number;
  /** True if the receiver has refused a smaller part of the same request for its size. */
  readonly isKnownTooLarge: boolean;
}

/**
 * An export request on its way: whole, or in parts below the receiver's limit. A part that is refused for its size is
 * halved, down to a single item. The number of refused calls is bounded, whatever the receiver answers.
 */
export class RequestParts {
  readonly #limit: SizeLimit;
  /** The part at the head is the next to be sent. */
  #parts: Part[];
  #smallestRefused = Number.POSITIVE_INFINITY;
  #refusals = 0;

  /** @param items number of items if it is known; read from the request otherwise */
  constructor(request: Uint8Array, shape: RequestShape, limit: SizeLimit, items?: number) {
    this.#limit = limit;
    this.#parts = [new Part(shape, { bytes: request, ...(items !== undefined && { items }) })];
  }

  /** Number of items that are not settled. */
  get items(): number {
    return this.#parts.reduce((sum, part) => sum + part.items, 0);
  }

  /** Returns the part to send next, of at most the limit or of a single item; undefined if all are settled. */
  next(): RequestPart | undefined {
    const [part] = this.#parts;
    if (part === undefined) return undefined;
    const limit = this.#limit.bytes;
    if (part.bytes.length > limit && part.items > 1) {
      this.#parts.splice(0, 1, ...part.split(limit));
      return this.next();
    }
    return {
      bytes: part.bytes,
      // Reading the items costs more than sending most requests needs.
      get items() {
        return part.items;
      },
      isKnownTooLarge: part.bytes.length >= this.#smallestRefused,
    };
  }

  /** Removes the part at the head after any final answer except a refusal of its size. */
  settle({ passed }: { readonly passed: boolean }): void {
    const part = this.#parts.shift();
    if (passed && part !== undefined) this.#limit.passed(part.bytes.length);
  }

  /**
   * Halves the part at the head, which was too large for the receiver.
   *
   * @returns the number of items that are given up instead: the only one of the part, or all if too many calls failed
   */
  refuse(): number {
    const [part] = this.#parts;
    if (part === undefined) return 0;
    const size = part.bytes.length;
    if (size < this.#smallestRefused) {
      this.#smallestRefused = size;
      this.#refusals++;
      this.#limit.refused(size);
    }
    if (this.#refusals >= MOST_REFUSALS) {
      const { items } = this;
      this.#parts = [];
      return items;
    }
    if (part.items > 1) {
      this.#parts.splice(0, 1, ...part.halve());
      return 0;
    }
    this.#parts.shift();
    return 1;
  }
}

/** Refused calls after which the rest of a request is given up. 1 MiB in halves down to 100 bytes are 14. */
const MOST_REFUSALS = 64;

/** Encoded lazily: most requests pass as they are, and a divided one should not be in memory twice. */
class Part {
  readonly #shape: RequestShape;
  #bytes: Uint8Array | undefined;
  #content: readonly Item[] | undefined;
  #items: number | undefined;

  constructor(shape: RequestShape, from: { bytes?: Uint8Array; content?: readonly Item[]; items?: number }) {
    this.#shape = shape;
    this.#bytes = from.bytes;
    this.#content = from.content;
    this.#items = from.items;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= encodeItems(this.#content ?? [], this.#shape.length);
    return this.#bytes;
  }

  get items(): number {
    this.#items ??= this.#read().length;
    return this.#items;
  }

  /** Divides the part into parts below a limit; an item above it is a part of its own. */
  split(limit: number): Part[] {
    const parts: Item[][] = [];
    let current: Item[] = [];
    let size = 0;
    for (const item of this.#read()) {
      const needed = item.bytes.length + framesSize(item, current.at(-1));
      if (current.length > 0 && size + needed > limit) {
        parts.push(current);
        current = [];
        size = 0;
      }
      size += current.length > 0 ? needed : item.bytes.length + framesSize(item, undefined);
      current.push(item);
    }
    return this.#of([...parts, current]);
  }

  /** Divides the part into two of about the same size in bytes, each with at least one item. */
  halve(): Part[] {
    const content = this.#read();
    const half = content.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2;
    let size = 0;
    const crossing = content.findIndex(({ bytes }) => {
      size += bytes.length;
      return size > half;
    });
    const middle = Math.min(Math.max(crossing, 1), content.length - 1);
    return this.#of([content.slice(0, middle), content.slice(middle)]);
  }

  /** Reads the items of a request, which then are all of it. */
  #read(): readonly Item[] {
    this.#content ??= readItems(this.bytes, this.#shape);
    return this.#content;
  }

  #of(contents: readonly Item[][]): Part[] {
    return contents.map((content) => new Part(this.#shape, { content, items: content.length }));
  }
}

/** An item with the messages around it, from the outermost. */
interface Item {
  /** The whole field with its tag. */
  readonly bytes: Uint8Array;
  readonly frames: readonly Frame[];
}

/** A message around items: a resource, a scope, a metric. */
interface Frame {
  readonly tag: number;
  /** Its fields besides those that lead to items. */
  readonly own: Uint8Array;
}

function readItems(request: Uint8Array, shape: RequestShape): Item[] {
  const items: Item[] = [];
  const visit = (fields: readonly Field[], level: number, frames: readonly Frame[]): void => {
    const isItemLevel = level === shape.length - 1;
    for (const { number, tag, value, raw } of fields) {
      if (!shape[level]?.includes(number) || typeof value === 'number') continue;
      if (isItemLevel) items.push({ bytes: raw, frames });
      else {
        const inner = readFields(value);
        const own = inner.filter((field) => !shape[level + 1]?.includes(field.number)).map((field) => field.raw);
        visit(inner, level + 1, [...frames, { tag, own: Buffer.concat(own) }]);
      }
    }
  };
  visit(readFields(request), 0, []);
  return items;
}

/** Encodes items and the messages around them; neighbors of the same frame share it. */
function encodeItems(items: readonly Item[], depth: number, level = 0): Buffer {
  if (level === depth - 1) return Buffer.concat(items.map(({ bytes }) => bytes));
  const chunks: Uint8Array[] = [];
  for (let start = 0, end = 0; start < items.length; start = end) {
    const frame = items[start]?.frames[level];
    if (frame === undefined) break;
    while (items[end]?.frames[level] === frame) end++;
    const nested = encodeItems(items.slice(start, end), depth, level + 1);
    chunks.push(varint(frame.tag), varint(frame.own.length + nested.length), frame.own, nested);
  }
  return Buffer.concat(chunks);
}

/** Upper bound of the bytes that an item needs around itself behind another one. */
function framesSize({ frames }: Item, before: Item | undefined): number {
  let size = 0;
  for (const [level, frame] of frames.entries()) {
    if (before?.frames[level] !== frame) size += frame.own.length + TAG_AND_LENGTH;
  }
  return size;
}

const TAG_AND_LENGTH = 6;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
