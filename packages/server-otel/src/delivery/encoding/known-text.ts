import { MAX_UTF8, MAX_VARINT, ProtobufWriter } from './protobuf-writer.ts';

/** A text that comes again with every span, such as a span's name or an attribute's key, encoded once. */
export interface KnownText {
  /** Length and content. */
  readonly bytes: Uint8Array;
  /**
   * For a key: what follows the tag of an attribute, by its value. Absent when the key has so many different values
   * that looking them up would be in vain.
   */
  values: Map<string, Uint8Array> | undefined;
}

/** Texts that were seen before. Someone who puts ids into keys or names cannot make it grow beyond its bounds. */
export class KnownTexts {
  readonly #texts = new Map<string, KnownText>();
  #valueBytes = 0;

  get(text: string): KnownText {
    return this.#texts.get(text) ?? this.#add(text);
  }

  /** Keeps the encoding of an attribute whose value may come again. */
  learn(key: KnownText, value: string, encoded: Uint8Array): void {
    if (key.values === undefined || this.#valueBytes > MAX_VALUE_BYTES) return;
    if (key.values.size >= MAX_VALUES) {
      for (const { length } of key.values.values()) this.#valueBytes -= length;
      key.values = undefined;
      return;
    }
    key.values.set(value, Uint8Array.from(encoded));
    this.#valueBytes += encoded.length;
  }

  #add(text: string): KnownText {
    const writer = new ProtobufWriter(MAX_VARINT + text.length * MAX_UTF8);
    writer.string(text);
    const bytes = Uint8Array.from(writer.bytes.subarray(0, writer.position));
    if (text.length > MAX_LENGTH) return { bytes, values: undefined };
    if (this.#texts.size >= MAX_TEXTS) {
      this.#texts.clear();
      this.#valueBytes = 0;
    }
    const known = { bytes, values: new Map() };
    this.#texts.set(text, known);
    return known;
  }
}

/** Longer values are not kept. */
export const LONGEST_KNOWN_VALUE = 64;

const MAX_TEXTS = 2048;
const MAX_LENGTH = 256;
const MAX_VALUES = 64;
const MAX_VALUE_BYTES = 1024 * 1024;
